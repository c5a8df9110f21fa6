import { describe, expect, it } from "vitest";
import type { ModelStatistics } from "../../../src/core/metadata.ts";
import { statisticsBetween, sumStatistics } from "../../../src/scenarios/statistics-probe.ts";

function version(count: number, ns: number): ModelStatistics {
  const duration = { count, ns };
  const none = { count: 0, ns: 0 };
  return {
    name: "m",
    version: "1",
    lastInferenceMs: 0,
    inferenceCount: count,
    executionCount: count,
    success: duration,
    fail: none,
    queue: { count, ns: 2 * ns },
    computeInput: { count, ns: 3 * ns },
    computeInfer: { count, ns: 4 * ns },
    computeOutput: none,
    batches: [],
  };
}

describe("statisticsBetween", () => {
  it("gives what the counters of all versions grew by, stage by stage", () => {
    const before = sumStatistics([version(10, 100), version(1, 7)]);
    const after = sumStatistics([version(14, 500), version(2, 11)]);
    expect(statisticsBetween(before, after)).toEqual({
      requests: 5,
      stages: {
        queue: { count: 5, sumNs: 808 },
        server_preprocess: { count: 5, sumNs: 1212 },
        infer: { count: 5, sumNs: 1616 },
      },
    });
  });

  it("says nothing of a server that began anew", () => {
    const before = sumStatistics([version(10, 100)]);
    expect(statisticsBetween(before, sumStatistics([version(3, 50)]))).toBeUndefined();
  });
});
