import { ConfigError } from "../core/errors.ts";
import { tooManyArrivals } from "../load/schedule.ts";
import type { BenchSpec } from "./bench-spec.ts";
import type { Cell } from "./cell.ts";
import { loadSpecOf } from "./cell-specs.ts";

/** @throws {ConfigError} when the schedule of a cell would have more arrivals than a generator's memory holds. */
export function checkArrivals(spec: BenchSpec, cells: readonly Pick<Cell, "key">[]): void {
  const problems = cells.flatMap(({ key }) => {
    const load = loadSpecOf(spec, key, 0);
    if (!("arrivals" in load)) return [];
    const { durationMs, requests, vehicles } = load;
    // Of a range, and of recorded times, the key's rate is the mean.
    const { ratePerSec = 0 } = key;
    return tooManyArrivals({ ratePerSec, vehicles, durationMs, requests }) ?? [];
  });
  if (problems.length === 0) return;
  const path = spec.durationMs === undefined ? "--requests" : "--duration";
  throw new ConfigError([...new Set(problems)].map((message) => ({ path, message })));
}
