import type { Calibration } from "./calibration-result.ts";

/** One line for a report: how well the instrument was proved on this machine, or that it was not. */
export function describeCalibration(calibration: Calibration | undefined): string {
  if (calibration === undefined) return "calibration: none of this machine (npm run calibrate)";
  const { ranAt, cases, boundMs, passed } = calibration;
  const worst = cases.reduce<number | undefined>((most, { error, failure }) => {
    if (failure !== undefined || most === undefined) return undefined;
    return Math.max(most, error.p99Ms);
  }, 0);
  const transports = [...new Set(cases.map(({ transport }) => transport))].join(", ");
  const error =
    worst === undefined ? "not every case could be judged" : `error p99 at most ${worst.toFixed(3)} ms`;
  return `calibration of ${ranAt} (${transports}): ${error} over ${cases.length} cases, ${passed ? "within" : "NOT within"} ${boundMs} ms`;
}
