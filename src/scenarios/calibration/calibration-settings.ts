import type { TransportName } from "../../core/transport.ts";
import type { BenchSpec } from "../bench-spec.ts";
import type { Cell } from "../cell.ts";

/** What a part of the calibration wants of a bench: everything else is as in every bench. */
export interface CalibrationSettings {
  readonly transport: readonly TransportName[];
  readonly model: readonly string[];
  readonly scenario: readonly ["closed-loop" | "open-loop"];
  /** Constant arrivals per second. */
  readonly rate?: readonly number[];
  /** File of timestamps. */
  readonly schedule?: string;
  readonly connections?: number;
  readonly requests?: number;
  /** Milliseconds. */
  readonly duration?: number;
}

/** One part of the calibration: a bench of one cell. */
export type CellOf = (
  settings: CalibrationSettings,
) => Promise<{ readonly spec: BenchSpec; readonly cell: Cell }>;
