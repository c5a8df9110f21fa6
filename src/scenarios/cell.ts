import type { CellKey } from "../core/cell.ts";
import type { SourceSpec } from "../inputs/open-source.ts";
import type { WarmUpContent } from "../serving/worker-protocol.ts";
import type { ForeignForm } from "./foreign/foreign-form.ts";

/** One cell of a plan: its key, and where its frames come from. */
export interface Cell {
  readonly key: CellKey;
  /** The key's stable name. */
  readonly name: string;
  /** Path of the input, or `synthetic`; the key holds only its short name. */
  readonly inputPath: string;
  /** The frames of its runs. */
  readonly source: SourceSpec;
  /** How its frames become requests to a server that is not ours. */
  readonly foreign?: ForeignForm | undefined;
  /** The model is batched: its answers may depend on what else was in the batch. */
  readonly batched: boolean;
  /** What its serving core runs before it is ready. */
  readonly warm: readonly WarmUpContent[];
}
