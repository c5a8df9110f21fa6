import { expect, it } from "vitest";
import { createStatistics } from "../../../src/serving/statistics.ts";

const durations = { computeInputNs: 1, computeInferNs: 10, computeOutputNs: 2 };

it("counts requests, executions and batch elements apart", () => {
  const statistics = createStatistics("m", "3", () => 1234);
  expect(statistics.read()).toMatchObject({ name: "m", version: "3", lastInferenceMs: 0, batches: [] });
  statistics.executed({ batchSize: 4, ...durations });
  statistics.succeeded(1, { totalNs: 20, queueNs: 7, ...durations });
  statistics.succeeded(3, { totalNs: 30, queueNs: 8, ...durations });
  statistics.executed({ batchSize: 1, ...durations });
  statistics.succeeded(1, { totalNs: 15, queueNs: 1, ...durations });
  statistics.failed(99);
  expect(statistics.read()).toEqual({
    name: "m",
    version: "3",
    lastInferenceMs: 1234,
    inferenceCount: 5,
    executionCount: 2,
    success: { count: 3, ns: 65 },
    fail: { count: 1, ns: 99 },
    queue: { count: 3, ns: 16 },
    computeInput: { count: 3, ns: 3 },
    computeInfer: { count: 3, ns: 30 },
    computeOutput: { count: 3, ns: 6 },
    batches: [1, 4].map((batchSize) => ({
      batchSize,
      computeInput: { count: 1, ns: 1 },
      computeInfer: { count: 1, ns: 10 },
      computeOutput: { count: 1, ns: 2 },
    })),
  });
});
