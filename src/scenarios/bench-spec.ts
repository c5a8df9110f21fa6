import type { Arrivals, Connections, Device, Placement, ScenarioName, WhenBusy } from "../core/cell.ts";
import type { Encoding, HttpVersion, Qos, TransportName, Tuning } from "../core/transport.ts";
import type { WarmUpRule } from "../load/warm-up.ts";
import type { TensorShape } from "./foreign/tensor-shape.ts";

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
  /** Requests outstanding; closed loop and offline. */
  readonly concurrency: readonly number[];
  /** Arrivals per second of each vehicle; open loop and server. */
  readonly rate: readonly Rate[];
  /** Open loop and server. */
  readonly whenBusy: readonly WhenBusy[];
  /** Empty: one, and the key does not mention it. Open loop and server. */
  readonly vehicles: readonly number[];
  readonly tuning: readonly Tuning[];
  /** http; whatever else there is has one version. */
  readonly httpVersion: readonly HttpVersion[];
}

/** From one rate to another, of a ramp or of steps: `5..50`. */
export type RateRange = `${number}..${number}`;
/** Arrivals per second. */
export type Rate = number | RateRange;

/** The two ends of a range; `undefined` for a plain rate. */
export function rangeOf(rate: Rate): { readonly fromPerSec: number; readonly toPerSec: number } | undefined {
  if (typeof rate === "number") return undefined;
  const [fromPerSec = Number.NaN, toPerSec = Number.NaN] = rate.split("..").map(Number);
  return { fromPerSec, toPerSec };
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
  /** Arrivals at once, of bursts. */
  readonly burst: number;
  /** Levels, of steps. */
  readonly steps: number;
  /** File of timestamps, for arrivals of kind `file`. */
  readonly schedule?: string | undefined;
  /** Recorded times are played so many times as fast. */
  readonly speed: number;
  /** Recorded times are played once from their beginning to their end, whatever the length below. */
  readonly wholeRecording: boolean;
  /** Of each vehicle. */
  readonly maxInFlight: number;
  /** Of a query of `multi-stream`. */
  readonly samplesPerQuery: number;
  /** `server`: what p99 of the response time is to stay below. */
  readonly latencyBoundMs?: number | undefined;
  readonly timeoutMs: number;
  readonly deadlineMs?: number | undefined;
  /** At least one of the two; both: a run lasts until both are met. */
  readonly durationMs?: number | undefined;
  readonly requests?: number | undefined;
  readonly warmup: WarmUpRule;
  readonly repetitions: number;
  /** Absent: as many as requests outstanding; by schedule one for each vehicle, 16 where none are asked for. */
  readonly connections?: Connections | undefined;
  /** Processes that share the load of a run. */
  readonly generators: number;
  /** Requests of a run that are recorded one by one; those beyond are counted. Absent: 2,000,000. */
  readonly maxRecorded?: number | undefined;
  readonly qos: Qos;
  /** Of the schedules and of the order of runs. */
  readonly seed: number;
  readonly url?: string | undefined;
  readonly broker?: string | undefined;
  readonly topic?: string | undefined;
  readonly size?: SourceSize | undefined;
  /** `raw`, a recipe as JSON, the absolute path of a recipe file, or a model's name (not after the plan). */
  readonly recipe?: string | undefined;
  /** Of a server elsewhere: the shapes of seeded tensors. */
  readonly shape?: readonly TensorShape[] | undefined;
  /** Of a server elsewhere: the ONNX file that it is said to run. */
  readonly reference?: string | undefined;
  readonly startSec?: number | undefined;
  readonly sourceDurationSec?: number | undefined;
  readonly maxPayloadBytes: number;
  /** What the columns of wire bytes hold: frames where the user may have network namespaces, or the payload of TCP. */
  readonly wireBytes: "frames" | "payload";
  readonly instances: number;
  /** Threads of one session; absent: as many as the cores allow. */
  readonly threads?: number | undefined;
  readonly repository: string;
  readonly out: string;
  readonly quick: boolean;
}
