import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { InputError, messageOf } from "../core/errors.ts";
import { REPORT_SCHEMA_VERSION, type Report } from "./report.ts";
import { RESULT_FILES } from "./write-results.ts";

/**
 * Reads a report back.
 * @param path - a results folder, or its `report.json`.
 * @throws {InputError} when there is none, it is not JSON, or it is of another schema version.
 */
export async function readReport(path: string): Promise<Report> {
  let text: string;
  let file = path;
  try {
    if ((await stat(path)).isDirectory()) file = join(path, RESULT_FILES.report);
    text = await readFile(file, "utf8");
  } catch (reason) {
    throw new InputError(`${file}: cannot read the report: ${messageOf(reason)}`, { cause: reason });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (reason) {
    throw new InputError(`${file}: expected a report in JSON: ${messageOf(reason)}`, { cause: reason });
  }
  const version =
    typeof parsed === "object" && parsed !== null && "schemaVersion" in parsed
      ? parsed.schemaVersion
      : undefined;
  if (version !== REPORT_SCHEMA_VERSION) {
    throw new InputError(
      `${file}: expected a report of schema version ${REPORT_SCHEMA_VERSION}, got ${String(version ?? "none")}`,
    );
  }
  return parsed as Report;
}
