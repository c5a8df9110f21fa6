import type { RunRecord } from "../../recording/run-record.ts";
import { type CaseResult, type Points, pointsOf } from "./calibration-result.ts";
import { predictResponses } from "./predict-responses.ts";

/** Everything of a case's result that a record tells. */
export type JudgedCase = Omit<CaseResult, "transport" | "name" | "what" | "generatorWaitMs">;

/** Share of the requests at the head that must not have waited. */
const FEWEST_ALONE = 0.5;
/** Less is rounding. */
const SHORTEST_WAIT_NS = 1_000;

const NOTHING: Points = { p50Ms: Number.NaN, p99Ms: Number.NaN, maxMs: Number.NaN };

/**
 * Holds a run's measured response times against the arithmetic. The prediction is made from the schedule, from the times that
 * the server says it worked, and from one constant: the path's cost, which is the median of (response − work) of the requests
 * at the head that found no queue. Those are not judged, and no measured time of a judged request goes into its prediction.
 *
 * @param idle - how many requests at the head are to find no queue.
 */
export function judgeCase(record: RunRecord, idle: number): JudgedCase {
  const { columns, rows } = record;
  const { intendedNs, doneNs, inferNs, status, serverInNs } = columns;
  const failed = Array.from({ length: rows }, (_, row) => row).filter((row) => status[row] !== 0).length;
  if (failed > 0) return unjudged(`${failed} of ${rows} requests failed or were dropped`);
  if (rows <= idle || idle < 1) return unjudged(`${rows} requests are too few`);
  if (inferNs.some(Number.isNaN)) return unjudged("the server does not say how long it worked");

  const responseNs = doneNs.map((done, row) => done - at(intendedNs, row));
  const alone = lonely(record, idle);
  if (alone.length < idle * FEWEST_ALONE) {
    return unjudged("too many of the requests at the head found a queue: the machine does other work");
  }
  const pathNs = pointsOf(alone.map((row) => at(responseNs, row) - at(inferNs, row)));
  const predictedNs = predictResponses({ intendedNs, serviceNs: inferNs, pathNs: pathNs.p50Ms * 1e6 });
  const judged = { predicted: predictedNs.subarray(idle), measured: responseNs.subarray(idle) };
  let outOfOrder = 0;
  for (let row = 1; row < rows; row += 1) if (at(serverInNs, row) < at(serverInNs, row - 1)) outOfOrder += 1;
  return {
    requests: rows - idle,
    pathMs: pathNs.p50Ms,
    predicted: pointsOf(judged.predicted),
    measured: pointsOf(judged.measured),
    error: pointsOf(judged.measured.map((measured, i) => Math.abs(measured - at(judged.predicted, i)))),
    outOfOrder,
  };
}

/** The rows at the head that found no queue, by the arithmetic alone. */
function lonely({ columns: { intendedNs, inferNs } }: RunRecord, idle: number): readonly number[] {
  const withoutWay = predictResponses({ intendedNs, serviceNs: inferNs, pathNs: 0 });
  return Array.from({ length: idle }, (_, row) => row).filter(
    (row) => at(withoutWay, row) - at(inferNs, row) < SHORTEST_WAIT_NS,
  );
}

function at(values: Float64Array, row: number): number {
  return values[row] ?? Number.NaN;
}

/** A case in which nothing could be judged, and why. */
export function unjudged(failure: string): JudgedCase {
  return {
    requests: 0,
    pathMs: Number.NaN,
    predicted: NOTHING,
    measured: NOTHING,
    error: NOTHING,
    outOfOrder: 0,
    failure,
  };
}
