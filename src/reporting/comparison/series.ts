import type { CellKey } from "../../core/cell.ts";
import { type CellRun, isSound, METRICS, type Metric, type SideRun } from "./side-runs.ts";

/**
 * One row's values: natural logarithms of milliseconds, one for each run of the side in its order, absent where that run has none.
 */
export interface Series {
  /** Absent for the geometric mean of all cells. */
  readonly cell?: string | undefined;
  readonly metric: Metric;
  readonly base: readonly (number | undefined)[];
  readonly head: readonly (number | undefined)[];
  readonly censored: boolean;
}

/** Every cell of either side, the base's first. */
export function cellsOf(
  base: readonly SideRun[],
  head: readonly SideRun[],
): readonly { readonly name: string; readonly key: CellKey }[] {
  const keys = new Map<string, CellKey>();
  for (const { cells } of [...base, ...head]) {
    for (const [name, { key }] of Object.entries(cells)) if (!keys.has(name)) keys.set(name, key);
  }
  return [...keys].map(([name, key]) => ({ name, key }));
}

/**
 * The family of a comparison: every cell × metric, p50 always and p99 only where every sound run has the requests for it; then, with
 * two cells or more of a metric, the geometric mean of all of them in each run that has them all.
 */
export function familyOf(base: readonly SideRun[], head: readonly SideRun[]): readonly Series[] {
  const names = cellsOf(base, head).map(({ name }) => name);
  return METRICS.flatMap((metric) => {
    const series = names
      .filter((name) => metric === "p50" || everyRunHas(metric, name, [...base, ...head]))
      .map((name) => cellSeries(metric, name, { base, head }));
    return series.length >= 2 ? [...series, geometricMean(metric, series)] : series;
  }).sort((a, b) => Number(a.cell === undefined) - Number(b.cell === undefined));
}

function everyRunHas(metric: Metric, name: string, runs: readonly SideRun[]): boolean {
  const sound = soundRuns(name, runs);
  return sound.length > 0 && sound.every(({ values }) => values[metric] !== undefined);
}

function soundRuns(name: string, runs: readonly SideRun[]): readonly CellRun[] {
  return runs.flatMap(({ cells }) => cells[name] ?? []).filter(isSound);
}

function cellSeries(
  metric: Metric,
  cell: string,
  { base, head }: { readonly base: readonly SideRun[]; readonly head: readonly SideRun[] },
): Series {
  const logs = (runs: readonly SideRun[]): readonly (number | undefined)[] =>
    runs.map(({ cells }) => {
      const run = cells[cell];
      const value = run !== undefined && isSound(run) ? run.values[metric] : undefined;
      return value === undefined ? undefined : Math.log(value.ms);
    });
  const censored = soundRuns(cell, [...base, ...head]).some(
    ({ values }) => values[metric]?.censored === true,
  );
  return { cell, metric, base: logs(base), head: logs(head), censored };
}

function geometricMean(metric: Metric, series: readonly Series[]): Series {
  const mean = (pick: (one: Series) => readonly (number | undefined)[]): readonly (number | undefined)[] =>
    (series[0] === undefined ? [] : pick(series[0])).map((_, run) => {
      const logs = series.flatMap((one) => pick(one)[run] ?? []);
      return logs.length === series.length ? logs.reduce((a, b) => a + b, 0) / logs.length : undefined;
    });
  return {
    metric,
    base: mean((one) => one.base),
    head: mean((one) => one.head),
    censored: series.some(({ censored }) => censored),
  };
}
