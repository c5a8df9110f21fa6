import { describe, expect, it } from "vitest";
import type { ModelStatistics } from "../../../src/core/metadata.ts";
import {
  createStatisticsProbe,
  statisticsBetween,
  sumStatistics,
} from "../../../src/scenarios/statistics-probe.ts";

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

describe("a probe of a server's statistics", () => {
  /** Counters as they are at one look after another; the last stays. */
  const probeOf = (...looks: readonly (number | undefined)[]) => {
    let look = 0;
    return createStatisticsProbe({
      async read() {
        const count = looks[Math.min(look++, looks.length - 1)];
        return count === undefined ? undefined : sumStatistics([version(count, 100 * count)]);
      },
      async close() {},
      waitMs: 0,
    });
  };
  const found = async (answered: number, ...looks: readonly (number | undefined)[]) => {
    const probe = probeOf(...looks);
    await probe.begin();
    return probe.end(answered);
  };

  it("waits for counters that lag behind the answers", async () => {
    const { means, note } = await found(4, 10, 11, 14);
    expect(means?.requests).toBe(4);
    expect(note).toContain("4 requests, the requests of this run");
  });

  it("says that others' requests are in the means", async () => {
    const { means, note } = await found(4, 10, 16);
    expect(means?.requests).toBe(6);
    expect(note).toContain("6 requests, 4 of them of this run's window");
  });

  it.each([
    ["has none", [undefined, undefined], /^the server has no statistics: /],
    ["has none any more", [10, undefined], /^the server has no statistics: /],
    ["began anew", [10, 3], /^the server's statistics went backwards in the window: /],
    [
      "counts fewer than it answered",
      [10, 13],
      /^the server's statistics count 3 of the 4 requests it answered: /,
    ],
    ["counts nothing", [10, 10], /^the server's statistics count 0 of the 4 requests it answered: /],
  ] as const)("gives no means of a server that %s, and says why", async (_, looks, why) => {
    const { means, note } = await found(4, ...looks);
    expect(means).toBeUndefined();
    expect(note).toMatch(why);
    expect(note).toMatch(/the columns of its stages are empty$/);
  });
});
