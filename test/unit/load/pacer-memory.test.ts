import { describe, expect, test } from "vitest";
import { createPacerMemory, learnedLagNs, MOST_LAG_NS } from "../../../src/load/pacer-memory.ts";

describe("what the pacer learns of waking", () => {
  test.each([0, 120_000, 250_000])("it settles where waking takes %d ns", (takesNs) => {
    let lagNs = createPacerMemory(new Float64Array(0)).lagNs[0] ?? Number.NaN;
    for (let i = 0; i < 100; i += 1) lagNs = learnedLagNs(lagNs, takesNs - lagNs);
    expect(lagNs).toBeCloseTo(takesNs, -2);
  });

  test("it stays within its bounds", () => {
    expect(learnedLagNs(MOST_LAG_NS, 1e9)).toBe(MOST_LAG_NS);
    expect(learnedLagNs(0, -1e9)).toBe(0);
  });

  test("one wake-up that is far off moves it by an eighth of its bound at most", () => {
    expect(learnedLagNs(100_000, 5e6)).toBe(100_000 + MOST_LAG_NS / 8);
    expect(learnedLagNs(100_000, -1e9)).toBe(100_000 - MOST_LAG_NS / 8);
  });
});
