import type { ModelMetadata } from "../core/metadata.ts";
import type { BenchSpec } from "./bench-spec.ts";
import type { Cell } from "./cell.ts";

/** The matrix, expanded. */
export interface PlannedCells {
  readonly spec: BenchSpec;
  readonly cells: readonly Cell[];
  /** Combinations that cannot be, in words. */
  readonly skipped: readonly string[];
  /** About inputs and models, for the report. */
  readonly notes: readonly string[];
  /** `seeded` or `trained` weights, by model; built-in and foreign models are not in it. */
  readonly weights: Readonly<Record<string, string>>;
  /** What a server elsewhere says of its models. */
  readonly signatures: ReadonlyMap<string, ModelMetadata>;
}

/** How a bench is prepared. */
export interface PrepareOptions {
  readonly signal: AbortSignal;
  /** A line about what takes time. */
  onProgress(line: string): void;
}
