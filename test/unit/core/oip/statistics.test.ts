import { describe, expect, it } from "vitest";
import { readStatistics, writeStatistics } from "../../../../src/core/oip/statistics.ts";

const duration = (count: number) => ({ count, ns: count * 1_000 });
const MODEL = {
  name: "m",
  version: "2",
  lastInferenceMs: 1_700_000_000_000,
  inferenceCount: 12,
  executionCount: 6,
  success: duration(12),
  fail: duration(1),
  queue: duration(11),
  computeInput: duration(10),
  computeInfer: duration(9),
  computeOutput: duration(8),
  batches: [
    { batchSize: 2, computeInput: duration(3), computeInfer: duration(4), computeOutput: duration(5) },
  ],
};

describe("readStatistics", () => {
  it("reads what is written", () => {
    expect(readStatistics(JSON.parse(JSON.stringify(writeStatistics([MODEL]))))).toEqual([MODEL]);
  });

  it("is given by no backend of several answers", () => {
    expect(writeStatistics([MODEL]).model_stats).toMatchObject([{ response_stats: {} }]);
  });

  it("takes 64-bit numbers as texts, and nothing for zero", () => {
    const [model] = readStatistics({
      model_stats: [{ name: "m", inference_stats: { queue: { count: "3", ns: "9007199254740991" } } }],
    });
    expect(model).toMatchObject({
      version: "",
      queue: { count: 3, ns: 9_007_199_254_740_991 },
      success: { count: 0, ns: 0 },
    });
  });

  it.each([null, [], "no", {}, { model_stats: {} }])("refuses %j", (value) => {
    expect(() => readStatistics(value)).toThrow(/malformed/);
  });
});
