import { expect, test } from "vitest";
import type { Frame } from "../../../src/core/frame.ts";
import { arrivalsLabel, arrivalsOf, rangeOfLabel } from "../../../src/scenarios/arrivals-label.ts";
import { recordedTimes, resolveArrivals } from "../../../src/scenarios/recorded-times.ts";

const frames = (stamps: readonly (number | undefined)[], recorded: readonly number[]) =>
  stamps.map((stamp, index) => ({
    stampNs: stamp === undefined ? undefined : BigInt(stamp) + 1_700_000_000_000_000_000n,
    recordedNs: recorded[index] === undefined ? undefined : BigInt(recorded[index]),
  }));

test("the camera's own times count, exactly, from the first", () => {
  expect(recordedTimes(frames([3, 10, 30], [7, 8, 9]))).toEqual({ timesNs: Float64Array.of(0, 7, 27) });
});

test.each([
  ["missing", [3, undefined, 30]],
  ["going backwards", [3, 30, 10]],
  ["all the same", [3, 3, 3]],
])("stamps that are %s give way to the recorder's, with a note", (_what, stamps) => {
  const found = recordedTimes(frames(stamps, [7, 8, 11]));
  expect(found?.timesNs).toEqual(Float64Array.of(0, 1, 4));
  expect(found?.note).toMatch(/header stamps/);
});

test("images have no times", () => {
  expect(recordedTimes(frames([undefined, undefined], []))).toBeUndefined();
});

test("a recording's times are played faster", async () => {
  const arrivals = await resolveArrivals(
    { kind: "recording", speed: 2 },
    frames([0, 10, 40], []) as unknown as Frame[],
  );
  expect(arrivals).toEqual({ kind: "times", timesNs: Float64Array.of(0, 5, 20) });
});

test("a label says all that the generator needs beside the mean rate", () => {
  const spec = { schedule: "/x/rush.txt", speed: 2, burst: 4, steps: 6 };
  const back = (
    kind: Parameters<typeof arrivalsLabel>[0],
    rate: Parameters<typeof arrivalsLabel>[1]["rate"],
  ) =>
    arrivalsOf(spec, {
      arrivals: arrivalsLabel(kind, { ...spec, rate, fileName: "rush.txt" }),
      ratePerSec: typeof rate === "number" ? rate : 27.5,
    });
  expect(back("poisson", 12.5)).toEqual({ kind: "poisson", ratePerSec: 12.5 });
  expect(back("burst", 8)).toEqual({ kind: "burst", ratePerSec: 8, burst: 4 });
  expect(back("ramp", "0.5..50.25")).toEqual({ kind: "ramp", fromPerSec: 0.5, toPerSec: 50.25 });
  expect(back("steps", "5..50")).toEqual({ kind: "steps", fromPerSec: 5, toPerSec: 50, steps: 6 });
  expect(back("file", undefined)).toEqual({ kind: "file", path: "/x/rush.txt", speed: 2 });
  expect(back("recording", undefined)).toEqual({ kind: "recording", speed: 2 });
  expect(rangeOfLabel("steps:5..50x10")).toBe("5..50");
  expect(rangeOfLabel("burst:8")).toBeUndefined();
});
