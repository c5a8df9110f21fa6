import type { CellKey } from "../core/cell.ts";

/** One cell of a plan: its key, and where its frames come from. */
export interface Cell {
  readonly key: CellKey;
  /** The key's stable name. */
  readonly name: string;
  /** Path of the input, or `synthetic`; the key holds only its short name. */
  readonly inputPath: string;
}
