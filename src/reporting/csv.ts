import { stringify } from "csv-stringify/sync";
import { runRow, summaryRow } from "./columns.ts";
import type { Report } from "./report.ts";

/** `summary.csv`: the header and a row per cell. Lines end in LF. */
export function summaryCsv({ cells }: Pick<Report, "cells">): string {
  return table(cells.map(summaryRow));
}

/** `runs.csv`: the header and a row per cell and repetition; the last column is `repetition`. */
export function runsCsv({ cells }: Pick<Report, "cells">): string {
  return table(cells.flatMap((cell) => cell.runs.map((run) => runRow(cell, run))));
}

function table(rows: readonly (readonly (readonly [column: string, value: string])[])[]): string {
  const first = rows[0];
  if (first === undefined) return "";
  return stringify([first.map(([column]) => column), ...rows.map((row) => row.map(([, value]) => value))]);
}
