import type { Arrivals, Device, Placement, ScenarioName } from "../core/cell.ts";
import type { Encoding, Qos, TransportName, Tuning } from "../core/transport.ts";
import type { WarmUpRule } from "../load/warm-up.ts";

/** The dimensions of the matrix that are lists; every combination is a cell. */
export interface Dimensions {
  readonly transport: readonly TransportName[];
  readonly encoding: readonly Encoding[];
  readonly placement: readonly Placement[];
  readonly model: readonly string[];
  readonly device: readonly Device[];
  /** File or folder paths, or `synthetic`. */
  readonly input: readonly string[];
  readonly scenario: readonly ScenarioName[];
  /** Requests outstanding; closed loop only. */
  readonly concurrency: readonly number[];
  /** Arrivals per second; open loop only. */
  readonly rate: readonly number[];
  readonly tuning: readonly Tuning[];
}

export type DimensionName = keyof Dimensions;

/** What `--size` means: an image's size, or the bytes of a synthetic payload. */
export type SourceSize =
  | { readonly kind: "image"; readonly widthPx: number; readonly heightPx: number }
  | { readonly kind: "bytes"; readonly bytes: number };

/** Everything that a bench run was asked for, validated: plain data that stands in the report. */
export interface BenchSpec {
  readonly name: string;
  readonly dimensions: Dimensions;
  /** More cells: the dimensions named here replace the lists above. */
  readonly also: readonly Partial<Dimensions>[];
  /** Dimensions whose values the user typed: one that ends up in no cell is an error. */
  readonly asked: readonly DimensionName[];
  readonly arrivals: Arrivals;
  readonly maxInFlight: number;
  readonly timeoutMs: number;
  readonly deadlineMs?: number | undefined;
  /** At least one of the two; both: a run lasts until both are met. */
  readonly durationMs?: number | undefined;
  readonly requests?: number | undefined;
  readonly warmup: WarmUpRule;
  readonly repetitions: number;
  /** Absent: as many as requests outstanding; open loop 16. */
  readonly connections?: number | undefined;
  readonly qos: Qos;
  /** Of the schedules and of the order of runs. */
  readonly seed: number;
  readonly url?: string | undefined;
  readonly broker?: string | undefined;
  readonly topic?: string | undefined;
  readonly size?: SourceSize | undefined;
  /** `raw`, or the path of a recipe file. */
  readonly recipe?: string | undefined;
  readonly startSec?: number | undefined;
  readonly sourceDurationSec?: number | undefined;
  readonly maxPayloadBytes: number;
  readonly instances: number;
  /** Threads of one session; absent: as many as the cores allow. */
  readonly threads?: number | undefined;
  readonly repository: string;
  readonly out: string;
  readonly quick: boolean;
}
