import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { STAGES } from "../../../src/core/stage.ts";
import { STATUSES } from "../../../src/core/status.ts";
import { VERDICTS } from "../../../src/core/verdict.ts";
import { REPORT_SCHEMA_VERSION } from "../../../src/reporting/report.ts";
import { madeReport } from "./made-report.ts";

const schema = JSON.parse(readFileSync(new URL("../../../docs/report.schema.json", import.meta.url), "utf8"));
const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  formats: { "date-time": /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ },
});
const validate = ajv.compile(schema);
const written = (report: unknown): Record<string, unknown> => JSON.parse(JSON.stringify(report));

test("a report as it is written is what the schema describes", () => {
  validate(written(madeReport()));
  expect(validate.errors).toBeNull();
});

test("every field that is written is described", () => {
  const closed = JSON.parse(
    JSON.stringify(schema, (key, value: unknown) =>
      typeof value === "object" && value !== null && "properties" in value && key !== "properties"
        ? { additionalProperties: false, ...value }
        : value,
    ),
  );
  const validateClosed = new Ajv2020({ allErrors: true, formats: { "date-time": true } }).compile(closed);
  validateClosed(written(madeReport()));
  expect(validateClosed.errors).toBeNull();
});

test.each([
  ["another version", { schemaVersion: 2 }],
  ["a state that does not exist", { state: "done" }],
  ["no time", { startedAt: undefined }],
  ["a cell that is none", { cells: [{ name: "x" }] }],
])("%s is refused", (_what, change) => {
  expect(validate(written({ ...madeReport(), ...change }))).toBe(false);
});

test("the schema's lists are the code's", () => {
  expect(schema.properties.schemaVersion.const).toBe(REPORT_SCHEMA_VERSION);
  expect(schema.$defs.verdict.enum).toEqual(VERDICTS);
  expect(Object.keys(schema.$defs.figures.properties.stages.properties)).toEqual(STAGES);
  expect(["OK", ...schema.$defs.failures.items.properties.status.enum]).toEqual(STATUSES);
});
