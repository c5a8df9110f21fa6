import fc from "fast-check";
import { expect, it } from "vitest";
import { createRandom } from "../../../../src/core/random.ts";
import { hodgesLehmann } from "../../../../src/reporting/comparison/hodges-lehmann.ts";

it("is the estimate and interval of a textbook", () => {
  // Hollander & Wolfe (1999), examples 4.3 and 4.4.
  const base = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
  const head = [1.15, 0.88, 0.9, 0.74, 1.21];
  const { estimate, low, high } = hodgesLehmann(base, head);
  expect(estimate).toBeCloseTo(-0.305, 9);
  expect(low).toBeCloseTo(-0.76, 9);
  expect(high).toBeCloseTo(0.15, 9);
});

it("has no interval for 3 values a side", () => {
  const { estimate, low, high } = hodgesLehmann([1, 2, 3], [2, 3, 4]);
  expect(estimate).toBe(1);
  expect(low).toBeUndefined();
  expect(high).toBeUndefined();
});

it("finds a constant shift, whatever the values", () => {
  const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 4, maxLength: 10 });
  fc.assert(
    fc.property(values, fc.integer({ min: -50, max: 50 }), (base, shift) => {
      const { estimate, low, high } = hodgesLehmann(
        base,
        base.map((value) => value + shift),
      );
      expect(estimate).toBe(shift);
      expect(low).toBeLessThanOrEqual(shift);
      expect(high).toBeGreaterThanOrEqual(shift);
    }),
  );
});

it("holds the true shift in 95 of 100 intervals or more, heavy tails or not", () => {
  const random = createRandom(3);
  const heavy = (): number => Math.tan(Math.PI * (random.fraction() - 0.5)) / 10 + random.fraction();
  const draw = (shift: number): number[] => Array.from({ length: 8 }, () => heavy() + shift);
  let holds = 0;
  for (let trial = 0; trial < 1_000; trial += 1) {
    const { low = 1, high = 0 } = hodgesLehmann(draw(0), draw(0.3));
    if (low <= 0.3 && 0.3 <= high) holds += 1;
  }
  expect(holds).toBeGreaterThan(940);
});
