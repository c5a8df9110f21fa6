import { describe, expect, it } from "vitest";
import { runOrder } from "../../../src/scenarios/run-order.ts";

describe("runOrder", () => {
  const cellsOf = (seed: number, repetition: number) =>
    runOrder(6, 4, seed)
      .filter((run) => run.repetition === repetition)
      .map(({ cell }) => cell);

  it("has every cell once in every repetition", () => {
    for (const repetition of [0, 1, 2, 3])
      expect(cellsOf(1, repetition).toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("reverses every second repetition", () => {
    expect(cellsOf(1, 1)).toEqual(cellsOf(1, 0).toReversed());
    expect(cellsOf(1, 2)).toEqual(cellsOf(1, 0));
  });

  it("is the same for the same seed and differs between seeds", () => {
    expect(runOrder(6, 2, 5)).toEqual(runOrder(6, 2, 5));
    const orders = new Set([1, 2, 3, 4, 5, 6].map((seed) => cellsOf(seed, 0).join()));
    expect(orders.size).toBeGreaterThan(3);
  });
});
