import { STAGES, type Stage } from "../core/stage.ts";
import type { StageTimes } from "./stages.ts";

/** Sums over the slowest requests of a run, nanoseconds; they add up exactly and merge with other runs'. */
export interface TailSums {
  /** At least one. */
  readonly requests: number;
  readonly serviceNs: number;
  readonly stagesNs: Readonly<Partial<Record<Stage, number>>>;
  /** One clock only. */
  readonly unaccountedNs?: number | undefined;
}

/**
 * What the tail is made of: sums over the requests whose service time is at or above the run's own 99th percentile (nearest
 * rank), of those that the stages are made of. So `serviceNs` = all stages but `retrieve` + `unaccountedNs`.
 *
 * @returns absent where nothing was answered.
 */
export function tailSums({ serviceNs, stages, unaccountedNs }: StageTimes): TailSums | undefined {
  const sorted = serviceNs.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0) return undefined;
  const threshold = sorted[Math.ceil((990 * sorted.length) / 1000) - 1]!;
  const sum = (values: Float64Array): number => {
    let total = 0;
    for (let row = 0; row < serviceNs.length; row += 1) {
      if (serviceNs[row]! >= threshold && !Number.isNaN(values[row]!)) total += values[row]!;
    }
    return total;
  };
  return {
    requests: sorted.length - sorted.indexOf(threshold),
    serviceNs: sum(serviceNs),
    stagesNs: Object.fromEntries([...stages].map(([stage, values]) => [stage, sum(values)])),
    unaccountedNs: unaccountedNs && sum(unaccountedNs),
  };
}

/** The tails of several runs in one; the unaccounted is there where every run has it. */
export function mergeTails(tails: readonly TailSums[]): TailSums | undefined {
  if (tails.length === 0) return undefined;
  const total = (pick: (tail: TailSums) => number | undefined): number =>
    tails.reduce((sum, tail) => sum + (pick(tail) ?? 0), 0);
  const present = STAGES.filter((stage) => tails.some(({ stagesNs }) => stagesNs[stage] !== undefined));
  return {
    requests: total(({ requests }) => requests),
    serviceNs: total(({ serviceNs }) => serviceNs),
    stagesNs: Object.fromEntries(present.map((stage) => [stage, total(({ stagesNs }) => stagesNs[stage])])),
    unaccountedNs: tails.every(({ unaccountedNs }) => unaccountedNs !== undefined)
      ? total(({ unaccountedNs }) => unaccountedNs)
      : undefined,
  };
}
