import { describe, expect, it } from "vitest";
import { INTERRUPTED } from "../../../../src/recording/cell-result.ts";
import { sideRunsOf } from "../../../../src/reporting/comparison/side-runs.ts";
import { madeCell } from "../../recording/made-cell.ts";

describe("sideRunsOf", () => {
  it("gives a run for each repetition, with every cell", () => {
    const cells = [madeCell({ repetitions: 3 }), madeCell({ repetitions: 2, key: { transport: "grpc" } })];
    const runs = sideRunsOf({ cells });
    expect(runs).toHaveLength(3);
    expect(runs.map(({ cells: found }) => Object.keys(found).length)).toEqual([2, 2, 1]);
  });

  it("leaves out what the user broke off, which says nothing against a side", () => {
    expect(sideRunsOf({ cells: [madeCell({ repetitions: 2, failure: INTERRUPTED })] })).toEqual([]);
    expect(sideRunsOf({ cells: [madeCell({ repetitions: 2, failure: "the server ended" })] })).toHaveLength(
      2,
    );
  });

  it("compares service time in a closed loop and response time in an open one", () => {
    const closed = madeCell();
    const open = madeCell({
      key: { scenario: "open-loop", concurrency: undefined, arrivals: "poisson", ratePerSec: 400 },
    });
    const [run] = sideRunsOf({ cells: [closed, open] });
    expect(run?.cells[closed.name]?.values.p50?.ms).toBe(closed.runs[0]?.figures.service.p50Ms);
    expect(run?.cells[open.name]?.values.p50?.ms).toBe(open.runs[0]?.figures.response.p50Ms);
  });

  it("has a p99 only with the requests for it", () => {
    const [few] = sideRunsOf({ cells: [madeCell({ requests: 300 })] });
    expect(Object.values(few?.cells ?? {})[0]?.values.p99).toBeUndefined();
    const [many] = sideRunsOf({ cells: [madeCell({ requests: 400 })] });
    expect(Object.values(many?.cells ?? {})[0]?.values.p99?.censored).toBe(false);
  });

  it("takes the timeout for a percentile that lies among unanswered requests", () => {
    const key = { scenario: "open-loop", concurrency: undefined, ratePerSec: 400 } as const;
    const [run] = sideRunsOf({ cells: [madeCell({ key, requests: 0, alsoFailed: "DEADLINE_EXCEEDED" })] });
    const only = Object.values(run?.cells ?? {})[0];
    expect(only?.values.p50).toMatchObject({ censored: true });
    expect(only?.values.p50?.ms).toBeGreaterThan(0);
    expect(only?.lost).toBe(1);
  });
});
