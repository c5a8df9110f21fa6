import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, it } from "vitest";
import type { GpuUsage } from "../../../src/recording/gpu-usage.ts";
import { gpuLines } from "../../../src/reporting/gpu-lines.ts";
import { madeCell } from "../recording/made-cell.ts";

const USAGE: GpuUsage = {
  samples: 10,
  utilizationPercent: { mean: 80.4, max: 99 },
  memoryUsedMb: { mean: 2_310.2, max: 2_400 },
};

it("gives each cell with samples a line, and none where nothing was sampled", () => {
  const cell = madeCell({ key: { device: "gpu" } });
  const sampled = { ...cell, runs: cell.runs.map((run) => ({ ...run, gpu: USAGE })) };
  expect(gpuLines([sampled, madeCell()])).toEqual([
    "",
    "GPU (nvidia-smi, the whole device): mean, and largest",
    "http binary gpu: 80 % busy (99), 2310 MB (2400), 20 samples",
  ]);
  expect(gpuLines([madeCell()])).toEqual([]);
});

it("leaves out runs that are not pooled", () => {
  const cell = madeCell();
  const [first, ...others] = cell.runs;
  if (first === undefined) throw new Error("no run");
  const runs = [{ ...first, gpu: { samples: 1, powerW: { mean: 9, max: 9 } } }, ...others];
  expect(gpuLines([{ ...cell, runs, pooled: [2] }])).toEqual([]);
});

it("the report's schema describes it, every field", () => {
  const schema = JSON.parse(
    readFileSync(new URL("../../../docs/report.schema.json", import.meta.url), "utf8"),
  );
  const ajv = new Ajv2020({ formats: { "date-time": true } }).addSchema(schema, "report");
  const validate = ajv.compile({ $ref: "report#/$defs/run/properties/gpu" });
  expect(validate({ ...USAGE, powerW: { mean: 1, max: 2 } })).toBe(true);
  expect(validate({ ...USAGE, powerW: { mean: 1 } })).toBe(false);
  expect(Object.keys(schema.$defs.run.properties.gpu.properties)).toEqual(
    expect.arrayContaining([...Object.keys(USAGE), "powerW"]),
  );
});
