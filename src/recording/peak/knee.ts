import type { Knee, PeakPoint } from "./peak-result.ts";

/**
 * The knee of a curve: the point with the largest power, throughput ÷ mean response time. Below it more load costs little
 * time, above it more time than it brings throughput; for M/M/1 it lies at half the capacity. Points with unanswered
 * requests have no mean and cannot be it. Several points of one rate count as their mean.
 *
 * @returns `undefined` for fewer than three rates, or when the largest is at an end of the curve: it has not been seen then.
 * @see L. Kleinrock, "Power and deterministic rules of thumb for probabilistic problems in computer communications", ICC 1979.
 */
export function kneeOf(points: readonly PeakPoint[]): Knee | undefined {
  const byRate = new Map<number, { throughput: number[]; mean: number[] }>();
  for (const { ratePerSec, throughputPerSec, meanMs, verdict } of points) {
    if (throughputPerSec === undefined || meanMs === undefined || meanMs <= 0) continue;
    if (verdict === "INVALID" || verdict === "FAILED") continue;
    const known = byRate.get(ratePerSec) ?? { throughput: [], mean: [] };
    known.throughput.push(throughputPerSec);
    known.mean.push(meanMs);
    byRate.set(ratePerSec, known);
  }
  const curve = [...byRate]
    .map(([ratePerSec, { throughput, mean }]): Knee => {
      const throughputPerSec = average(throughput);
      const meanMs = average(mean);
      return { ratePerSec, throughputPerSec, meanMs, power: throughputPerSec / meanMs };
    })
    .sort((a, b) => a.ratePerSec - b.ratePerSec);
  if (curve.length < 3) return undefined;
  const best = curve.reduce((a, b) => (b.power > a.power ? b : a));
  return best === curve[0] || best === curve.at(-1) ? undefined : best;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
