import { describe, expect, it } from "vitest";
import { requiredSmallestP } from "../../../../src/reporting/comparison/attainable.ts";
import { comparePaired, compareUnpaired } from "../../../../src/reporting/comparison/compare-sides.ts";
import { type Comparison, DEFAULT_LIMITS } from "../../../../src/reporting/comparison/comparison.ts";
import { isNarrow } from "../../../../src/reporting/comparison/is-narrow.ts";
import { fewestPerSide } from "../../../../src/reporting/comparison/mann-whitney.ts";
import type { SideRun } from "../../../../src/reporting/comparison/side-runs.ts";
import { madeRun, simulator } from "./made-sides.ts";

/** Values near 10 and 20 ms that are never equal: 0.1 % apart. */
const steady = (count: number, factor = 1, more: Parameters<typeof madeRun>[1] = {}): readonly SideRun[] =>
  Array.from({ length: count }, (_, i) =>
    madeRun([10 * factor * (1 + i / 1000), 20 * factor * (1 + ((i * 3) % count) / 1000)], more),
  );
const paired = (base: readonly SideRun[], head: readonly SideRun[]): Comparison =>
  comparePaired({ base, head }, DEFAULT_LIMITS);
const unpaired = (base: readonly SideRun[], head: readonly SideRun[]): Comparison =>
  compareUnpaired({ base, head }, DEFAULT_LIMITS);

describe("the family", () => {
  it("is every cell's p50, then the geometric mean", () => {
    const { rows } = paired(steady(10), steady(10));
    expect(rows.map(({ cell, metric }) => [cell !== undefined, metric])).toEqual([
      [true, "p50"],
      [true, "p50"],
      [false, "p50"],
    ]);
    expect(rows[2]?.baseMs).toBeCloseTo(Math.sqrt((rows[0]?.baseMs ?? 0) * (rows[1]?.baseMs ?? 0)), 9);
  });

  it("has p99 only where every run has the requests for it", () => {
    const values = (ms: number) => ({ p50: { ms, censored: false }, p99: { ms: 3 * ms, censored: false } });
    const all = Array.from({ length: 10 }, (_, i) => madeRun([10], { values: values(10 + i / 100) }));
    expect(paired(all, all).rows.map(({ metric }) => metric)).toEqual(["p50", "p99"]);
    const one = [...all.slice(1), madeRun([10])];
    expect(paired(all, one).rows.map(({ metric }) => metric)).toEqual(["p50"]);
  });

  it("has no geometric mean of a single cell", () => {
    expect(paired([madeRun([1]), madeRun([2])], [madeRun([1]), madeRun([2])]).rows).toHaveLength(1);
  });
});

describe("outcomes", () => {
  it("OK for the same", () => {
    expect(paired(steady(10), steady(10)).outcome).toBe("OK");
    expect(unpaired(steady(8), steady(8)).outcome).toBe("OK");
  });

  it("REGRESSED for 20 % more, with the row's numbers", () => {
    for (const found of [paired(steady(10), steady(10, 1.2)), unpaired(steady(8), steady(8, 1.2))]) {
      expect(found.outcome).toBe("REGRESSED");
      expect(found.rows.every(({ state }) => state === "regressed")).toBe(true);
      expect(found.rows[0]?.ratio).toBeCloseTo(1.2, 2);
      expect(found.reasons[0]).toMatch(
        /^local binary p50: \+(19|20)\.\d % .*; p (= |< )0\.\d+ after Holm\)\.$/,
      );
    }
  });

  it("not REGRESSED for a significant change under the threshold", () => {
    const found = paired(steady(10), steady(10, 1.03));
    expect(found.rows[0]?.adjustedP).toBeLessThan(0.001);
    expect(found.outcome).toBe("OK");
  });

  it("REGRESSED when all cells together are slower, though none is by itself", () => {
    const { base, head } = simulator({ seed: 5, runs: 10, cells: 24, noise: 0.16, ratio: 1.08 })();
    const found = paired(base, head);
    expect(found.rows.filter(({ cell, state }) => cell !== undefined && state === "regressed")).toHaveLength(
      0,
    );
    expect(found.rows.at(-1)).toMatchObject({ cell: undefined, state: "regressed" });
    expect(found.outcome).toBe("REGRESSED");
    expect(found.reasons[0]).toMatch(/^all 24 cells p50/);
  });

  it("names improvements, and OK with them", () => {
    const found = paired(steady(10), steady(10, 0.8));
    expect(found.outcome).toBe("OK");
    expect(found.improvements).toHaveLength(3);
    expect(found.improvements[0]).toContain("-20.");
  });

  it("INCONCLUSIVE for a cell that is missing, INVALID or FAILED", () => {
    const base = steady(10);
    const without = base.map(({ cells }) => ({
      cells: Object.fromEntries(Object.entries(cells).slice(0, 1)),
    }));
    const missing = paired(base, without);
    expect(missing.outcome).toBe("INCONCLUSIVE");
    expect(missing.reasons.join()).toContain("The head has no run of this cell.");
    expect(missing.rows.map(({ state }) => state)).toContain("missing");
    const invalid = paired(base, steady(10, 1, { verdict: "INVALID", reasons: ["Too noisy."] }));
    expect(invalid.outcome).toBe("INCONCLUSIVE");
    expect(invalid.reasons.join()).toContain(
      "10 of 10 runs of the head are INVALID and left out: Too noisy.",
    );
    const oneFailed = [
      madeRun([10, 20], { verdict: "FAILED", reasons: ["It died."] }),
      ...steady(10).slice(1),
    ];
    expect(paired(base, oneFailed).outcome).toBe("INCONCLUSIVE");
  });

  it("leaves out a minority of INVALID runs, and says so", () => {
    const head = steady(10).map((run, i) => (i === 3 ? madeRun([1e6, 1e6], { verdict: "INVALID" }) : run));
    const found = paired(steady(10), head);
    expect(found.outcome).toBe("OK");
    expect(found.rows[0]?.headRuns).toBe(9);
    expect(found.findings).toMatchObject([{ kind: "note" }, { kind: "note" }]);
  });

  it("INCONCLUSIVE when both sides' median lies among unanswered requests", () => {
    const lost = { values: { p50: { ms: 30_000, censored: true } } };
    expect(paired(steady(10, 1, lost), steady(10, 1, lost)).outcome).toBe("INCONCLUSIVE");
    const found = paired(steady(10), steady(10, 1, lost));
    expect(found.outcome).toBe("REGRESSED");
    expect(found.reasons[0]).toContain("≥ ×");
  });

  it("INCONCLUSIVE when the head loses requests that the base answers", () => {
    const found = paired(steady(10), steady(10, 1, { lost: 4 }));
    expect(found.outcome).toBe("INCONCLUSIVE");
    expect(found.reasons[0]).toContain("The head lost 40 of 4000 requests, the base 0 of 4000.");
  });

  it("INCONCLUSIVE with nothing at all", () => {
    expect(paired([], []).outcome).toBe("INCONCLUSIVE");
    expect(paired([madeRun([1])], [madeRun([1])]).outcome).toBe("INCONCLUSIVE");
  });
});

describe("a changed answer", () => {
  it.each([
    ["other bytes", { check: "identical", agreementPercent: 100, digest: "bb" }, "other bytes"],
    [
      "answers that differ",
      { check: "differs", agreementPercent: 40, digest: "aa" },
      "differ from the in-process",
    ],
    [
      "less agreement",
      { check: "agrees", agreementPercent: 99.5, digest: "aa" },
      "agree with the reference by 99.50 %",
    ],
  ] as const)("REGRESSED for %s, whatever the times", (_what, answers, says) => {
    for (const found of [
      paired(steady(10), steady(10, 1, { answers })),
      // Even where so few runs could not flag a change of time.
      unpaired(steady(2), steady(2, 1, { answers })),
    ]) {
      expect(found.outcome).toBe("REGRESSED");
      expect(found.reasons[0]).toContain(says);
    }
  });

  it("is none where answers were never compared, or without a digest on one side", () => {
    const old = { answers: { check: "identical", agreementPercent: 100 } } as const;
    expect(paired(steady(10, 1, old), steady(10)).outcome).toBe("OK");
    const unchecked = { answers: { check: "unchecked" } } as const;
    expect(paired(steady(10, 1, unchecked), steady(10, 1, unchecked)).outcome).toBe("OK");
  });
});

describe("too few repetitions for the U test", () => {
  it("INCONCLUSIVE at once, with the number that is needed", () => {
    const found = unpaired(steady(4), steady(4, 3));
    expect(found.outcome).toBe("INCONCLUSIVE");
    expect(found.reasons).toHaveLength(1);
    expect(found.reasons[0]).toContain("4 repetitions a side are too few for 3 rows");
    expect(found.reasons[0]).toContain("--repetitions 8");
    expect(found.moreRepetitions).toBe(3);
    expect(unpaired(steady(7), steady(7, 3)).outcome).toBe("REGRESSED");
  });

  // What the help of bench and compare and docs/ci.md say.
  it.each([
    [6, 2],
    [7, 8],
    [8, 32],
    [9, 121],
  ])("%i a side serve %i rows and no more", (repetitions, rows) => {
    expect(fewestPerSide(requiredSmallestP(DEFAULT_LIMITS, rows))).toBe(repetitions);
    expect(fewestPerSide(requiredSmallestP(DEFAULT_LIMITS, rows + 1))).toBe(repetitions + 1);
  });
});

describe("more repetitions", () => {
  it("are n · ((half width ÷ tolerance)² − 1)", () => {
    const { base, head } = simulator({ seed: 9, runs: 10, cells: 1, noise: 0.25 })();
    const found = paired(base, head);
    const row = found.rows[0];
    const half = Math.log((row?.ratioHigh ?? 1) / (row?.ratioLow ?? 1)) / 2;
    expect(found.outcome).toBe("INCONCLUSIVE");
    expect(found.moreRepetitions).toBe(Math.ceil(10 * ((half / Math.log(1.1)) ** 2 - 1)));
    expect(found.reasons.at(-1)).toContain(`About ${found.moreRepetitions} more`);
  });
});

describe("isNarrow", () => {
  it("looks at the width only", () => {
    expect(isNarrow(paired(steady(10), steady(10)))).toBe(true);
    expect(isNarrow(paired(steady(10), steady(10, 3)))).toBe(true);
    const { base, head } = simulator({ seed: 9, runs: 10, cells: 1, noise: 0.25 })();
    expect(isNarrow(paired(base, head))).toBe(false);
  });
});
