import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runsCsv, summaryCsv } from "./csv.ts";
import type { Report } from "./report.ts";

/** The files of a results folder. */
export const RESULT_FILES = { summary: "summary.csv", runs: "runs.csv", report: "report.json" } as const;

/**
 * Writes all files of a results folder anew, each whole or not at all: a reader never sees half a file, however the bench
 * ends. Call it after every run, one call at a time.
 *
 * @throws what the file system throws.
 */
export async function writeResults(folder: string, report: Report): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeWhole(join(folder, RESULT_FILES.summary), summaryCsv(report));
  await writeWhole(join(folder, RESULT_FILES.runs), runsCsv(report));
  await writeWhole(join(folder, RESULT_FILES.report), `${JSON.stringify(report, undefined, 1)}\n`);
}

/** Writes a file whole or not at all. @throws what the file system throws. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, text);
    await rename(temporary, path);
  } catch (reason) {
    await rm(temporary, { force: true });
    throw reason;
  }
}
