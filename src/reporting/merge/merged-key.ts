import type { CellKey } from "../../core/cell.ts";

/**
 * The key of what several generators with this key do together: what is of each generator adds up, so that the cell's name
 * says the load that the server really had.
 */
export function mergedKey(key: CellKey, generators: number): CellKey {
  const times = (value: number | undefined): number | undefined =>
    value === undefined ? undefined : value * generators;
  return {
    ...key,
    // A query of `multi-stream` keeps its samples: there are more queries.
    concurrency: key.scenario === "multi-stream" ? key.concurrency : times(key.concurrency),
    // The rate is each vehicle's where there are vehicles.
    ratePerSec: key.vehicles === undefined ? times(key.ratePerSec) : key.ratePerSec,
    vehicles: times(key.vehicles),
    connections: typeof key.connections === "number" ? key.connections * generators : key.connections,
  };
}
