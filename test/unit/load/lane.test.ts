import fc from "fast-check";
import { expect, test } from "vitest";
import { WHEN_BUSY } from "../../../src/core/cell.ts";
import { createLane } from "../../../src/load/lane.ts";

test("drop-new drops what comes at the limit", () => {
  const lane = createLane(2, "drop-new");
  expect([0, 1, 2, 3].map((seq) => lane.arrive(seq))).toEqual(["start", "start", "drop", "drop"]);
  expect(lane.next()).toBeUndefined();
  expect(lane.arrive(4)).toBe("start");
});

test("queue keeps the order of arrival", () => {
  const lane = createLane(1, "queue");
  expect([0, 1, 2, 3].map((seq) => lane.arrive(seq))).toEqual(["start", "wait", "wait", "wait"]);
  expect([lane.next(), lane.next(), lane.next(), lane.next()]).toEqual([1, 2, 3, undefined]);
});

test("newest-wins keeps one waiting place, and a newer one takes it", () => {
  const lane = createLane(1, "newest-wins");
  expect([0, 1, 2, 3].map((seq) => lane.arrive(seq))).toEqual([
    "start",
    "wait",
    { instead: 1 },
    { instead: 2 },
  ]);
  expect(lane.next()).toBe(3);
  expect(lane.arrive(4)).toBe("wait");
  expect([lane.next(), lane.next()]).toEqual([4, undefined]);
  expect(lane.arrive(5)).toBe("start");
});

test("whatever comes and goes: never more than the limit is out, each is started or dropped once, in order", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...WHEN_BUSY),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.boolean(), { maxLength: 4000 }),
      (whenBusy, limit, arrivals) => {
        const lane = createLane(limit, whenBusy);
        const started: number[] = [];
        let dropped = 0;
        let out = 0;
        let seq = 0;
        const end = (): void => {
          const next = lane.next();
          if (next === undefined) out -= 1;
          else started.push(next);
        };
        for (const arrives of arrivals) {
          if (arrives) {
            const admission = lane.arrive(seq);
            if (admission === "start") {
              started.push(seq);
              out += 1;
            } else if (admission !== "wait") dropped += 1;
            seq += 1;
          } else if (out > 0) end();
          expect(out).toBeLessThanOrEqual(limit);
        }
        while (out > 0) end();
        expect(started.length + dropped).toBe(seq);
        expect(started).toEqual(started.toSorted((a, b) => a - b));
      },
    ),
  );
});
