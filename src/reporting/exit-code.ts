import type { Report } from "./report.ts";

/** The exit code of a bench: 1 when a cell is INVALID or FAILED or there is none, else 0. */
export function exitCodeOf({ cells }: Pick<Report, "cells">): 0 | 1 {
  const bad = cells.some(({ verdict }) => verdict === "INVALID" || verdict === "FAILED");
  return bad || cells.length === 0 ? 1 : 0;
}
