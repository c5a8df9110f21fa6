import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeWhole } from "../write-results.ts";
import { comparisonMarkdown } from "./comparison-markdown.ts";
import type { ComparisonReport } from "./comparison-report.ts";
import { formatComparison } from "./format-comparison.ts";

/**
 * Writes a comparison as text, Markdown and JSON (`comparison.…` or `gate.…`), each whole or not at all.
 * @param folder - made if it is not there; other files in it stay.
 * @throws what the file system throws.
 */
export async function writeComparison(folder: string, report: ComparisonReport): Promise<void> {
  const name = report.kind === "gate" ? "gate" : "comparison";
  await mkdir(folder, { recursive: true });
  await writeWhole(join(folder, `${name}.txt`), `${formatComparison(report)}\n`);
  await writeWhole(join(folder, `${name}.md`), comparisonMarkdown(report));
  await writeWhole(join(folder, `${name}.json`), `${JSON.stringify(report, undefined, 1)}\n`);
}
