import { splitKeys } from "../key-columns.ts";
import type { Comparison } from "./comparison.ts";

/** What tells each cell from the others, by its name: `http binary tuned`. */
export function labelsOf(cells: Comparison["cells"]): ReadonlyMap<string, string> {
  const { columns } = splitKeys(cells.map(({ key }) => key));
  return new Map(
    cells.map(({ name }, row) => [name, columns.flatMap(({ values }) => values[row] || []).join(" ")]),
  );
}
