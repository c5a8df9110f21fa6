import fc from "fast-check";
import { expect, test } from "vitest";
import { dealSchedule } from "../../../src/load/deal-schedule.ts";
import { createSchedule, type Schedule } from "../../../src/load/schedule.ts";

test("all parts together are the whole schedule, each request with its own frame", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 99 }),
      (of, vehicles, requests) => {
        const whole = createSchedule({
          arrivals: { kind: "poisson", ratePerSec: 500 },
          seed: 7,
          vehicles,
          requests,
        });
        const parts = Array.from({ length: of }, (_, index) => dealSchedule(whole, { index, of }));
        const tuples = ({ offsetsNs, frames, vehicles: fleet }: Schedule) =>
          [...offsetsNs].map((at, index) => [at, frames?.[index] ?? index, fleet?.[index] ?? 0]);
        const order = (a: readonly number[], b: readonly number[]): number =>
          (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0);
        expect(parts.flatMap(tuples).toSorted(order)).toEqual(tuples(whole).toSorted(order));
        for (const part of parts) {
          expect(part.lengthNs).toBe(whole.lengthNs);
          expect(Math.abs(part.offsetsNs.length - requests / of)).toBeLessThan(1);
        }
      },
    ),
  );
});

test("one generator has the schedule as it is", () => {
  const whole = createSchedule({ arrivals: { kind: "constant", ratePerSec: 10 }, seed: 1, requests: 5 });
  expect(dealSchedule(whole, { index: 0, of: 1 })).toBe(whole);
});
