import { expect, test } from "vitest";
import { queryTimes } from "../../../src/recording/query-times.ts";
import { createRecorder } from "../../../src/recording/recorder.ts";
import type { RunRecord } from "../../../src/recording/run-record.ts";
import { fleetFigures, jainIndex, vehicleTallies } from "../../../src/recording/vehicle-figures.ts";

interface Row {
  readonly vehicle?: number;
  readonly intendedNs: number;
  /** NaN: dropped. */
  readonly doneNs: number;
}

function recordOf(rows: readonly Row[]): { record: RunRecord; response: Float64Array } {
  const recorder = createRecorder({ clockId: "c" });
  for (const { vehicle, intendedNs, doneNs } of rows) {
    const seq = recorder.scheduled(0, intendedNs, vehicle);
    if (Number.isNaN(doneNs)) recorder.dropped(seq);
    else {
      recorder.started(seq, 0, intendedNs);
      recorder.answered(seq, doneNs);
    }
  }
  const record = recorder.finish({
    idPrefix: "",
    windowStartNs: 0,
    windowEndNs: 1e9,
    timeoutMs: 1000,
    aborted: false,
  });
  const response = Float64Array.from(rows, ({ intendedNs, doneNs }) =>
    Number.isNaN(doneNs) ? Number.POSITIVE_INFINITY : doneNs - intendedNs,
  );
  return { record, response };
}

test("Jain's index is 1 for equal shares, 1/n when one has all", () => {
  expect(jainIndex([5, 5, 5])).toBeCloseTo(1);
  expect(jainIndex([9, 0, 0])).toBeCloseTo(1 / 3);
  expect(jainIndex([1, 2, 3])).toBeCloseTo(36 / 42);
  expect(jainIndex([0, 0])).toBeUndefined();
});

test("each vehicle's times are its own, over all runs", () => {
  const run = (slowMs: number) => {
    const rows = Array.from({ length: 1000 }, (_, index): Row => {
      const intendedNs = index * 1e5;
      const vehicle = index % 2;
      return { vehicle, intendedNs, doneNs: intendedNs + (vehicle === 0 ? 1e6 : slowMs * 1e6) };
    });
    const { record, response } = recordOf(rows);
    return vehicleTallies(record, response);
  };
  const fleet = fleetFigures([run(2), run(4)], 2, { medianOnly: false });
  expect(fleet?.vehicles.map(({ requests, throughputPerSec }) => [requests, throughputPerSec])).toEqual([
    [1000, 500],
    [1000, 500],
  ]);
  expect(fleet?.vehicles[0]?.responseP99Ms).toBeCloseTo(1, 2);
  expect(fleet?.vehicles[1]?.responseP50Ms).toBeCloseTo(2, 2);
  expect(fleet?.vehicles[1]?.responseP99Ms).toBeCloseTo(4, 2);
  expect(fleet?.jainIndex).toBeCloseTo(1);
  expect(fleet?.p99MaxOverMin).toBeCloseTo(4, 1);
});

test("what a vehicle lost counts against it", () => {
  const rows = Array.from({ length: 800 }, (_, index): Row => {
    const intendedNs = index * 1e5;
    const isLost = index % 2 === 1 && index % 8 === 7;
    return { vehicle: index % 2, intendedNs, doneNs: isLost ? Number.NaN : intendedNs + 1e6 };
  });
  const { record, response } = recordOf(rows);
  const fleet = fleetFigures([vehicleTallies(record, response)], 1, { medianOnly: false });
  expect(fleet?.vehicles[1]).toMatchObject({ requests: 400, throughputPerSec: 300, censored: ["p99"] });
  expect(fleet?.p99MaxOverMin).toBeUndefined();
  expect(fleet?.jainIndex).toBeCloseTo(700 ** 2 / (2 * (400 ** 2 + 300 ** 2)));
});

test("a run without vehicles has no fleet", () => {
  const { record, response } = recordOf([{ intendedNs: 0, doneNs: 5 }]);
  expect(vehicleTallies(record, response)).toBeUndefined();
  expect(fleetFigures([undefined], 1, { medianOnly: false })).toBeUndefined();
});

test("a query is as long as its slowest sample; one that lost a sample is infinite", () => {
  const { record } = recordOf([
    { intendedNs: 10, doneNs: 15 },
    { intendedNs: 10, doneNs: 19 },
    { intendedNs: 30, doneNs: 31 },
    { intendedNs: 30, doneNs: Number.NaN },
    { intendedNs: 50, doneNs: 57 },
    { intendedNs: 50, doneNs: 58 },
  ]);
  const times = queryTimes(record, Float64Array.of(5, 9, 1, Number.POSITIVE_INFINITY, Number.NaN, 8));
  expect([...times]).toEqual([9, Number.POSITIVE_INFINITY]);
});

test("a vehicle's rate is over the part of the window in which every request has a row", () => {
  const recorder = createRecorder({ clockId: "c", maxRecorded: 200 });
  for (let index = 0; index < 1000; index += 1) {
    const seq = recorder.scheduled(0, index * 1e6, index % 2);
    recorder.started(seq, 0, index * 1e6);
    recorder.answered(seq, index * 1e6 + 1000);
  }
  const record = recorder.finish({
    idPrefix: "",
    windowStartNs: 0,
    windowEndNs: 1e9,
    timeoutMs: 1000,
    aborted: false,
  });
  const fleet = fleetFigures([vehicleTallies(record, new Float64Array(200).fill(1000))], 1, {
    medianOnly: false,
  });
  for (const { throughputPerSec } of fleet?.vehicles ?? []) expect(throughputPerSec).toBeCloseTo(500, -1);
  expect(fleet?.vehicles).toHaveLength(2);
});
