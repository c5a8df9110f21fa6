import { ConfigError } from "../core/errors.ts";
import type { BenchSpec } from "./bench-spec.ts";
import type { Cell } from "./cell.ts";
import { connectionsOf, loadSpecOf } from "./cell-specs.ts";
import { dealProblem } from "./deal-load.ts";

/** How many generators share the load of a cell: `local` has its core in the generator, and two of them would be two servers. */
export function generatorsOf(
  { generators }: Pick<BenchSpec, "generators">,
  { key }: Pick<Cell, "key">,
): number {
  return key.transport === "local" ? 1 : generators;
}

/** @throws {ConfigError} when the load of a cell cannot be dealt out to as many generators as were asked for. */
export function checkGenerators(spec: BenchSpec, cells: readonly Cell[]): void {
  const problems = cells.flatMap((cell) => {
    const load = loadSpecOf(spec, cell.key, 0);
    return dealProblem({ load, connections: connectionsOf(cell.key) }, generatorsOf(spec, cell)) ?? [];
  });
  if (problems.length === 0) return;
  throw new ConfigError([...new Set(problems)].map((message) => ({ path: "--generators", message })));
}
