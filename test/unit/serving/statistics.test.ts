import { expect, it } from "vitest";
import { TransportError } from "../../../src/core/errors.ts";
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
  statistics.failed(99, new TransportError("RESOURCE_EXHAUSTED", "the queue is full"));
  expect(statistics.read()).toEqual({
    name: "m",
    version: "3",
    lastInferenceMs: 1234,
    inferenceCount: 5,
    executionCount: 2,
    success: { count: 3, ns: 65 },
    fail: { count: 1, ns: 99 },
    failures: { REJECTED: 1, CANCELED: 0, BACKEND: 0, OTHER: 0 },
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

it.each([
  ["RESOURCE_EXHAUSTED", "REJECTED"],
  ["DEADLINE_EXCEEDED", "REJECTED"],
  ["UNAVAILABLE", "REJECTED"],
  ["CANCELLED", "CANCELED"],
  ["INTERNAL", "BACKEND"],
  ["INVALID_ARGUMENT", "OTHER"],
] as const)("counts %s as Triton's %s", (status, reason) => {
  const statistics = createStatistics("m", "1");
  statistics.failed(1, new TransportError(status, "no"));
  expect(statistics.read().failures?.[reason]).toBe(1);
  statistics.failed(1, new Error("a defect"));
  const sum = Object.values(statistics.read().failures ?? {}).reduce((a, b) => a + b, 0);
  expect(sum).toBe(statistics.read().fail.count);
});
