import type { Device } from "../../core/cell.ts";
import type { Encoding, Qos, TransportName, Tuning } from "../../core/transport.ts";
import type { SourceSpec } from "../../inputs/open-source.ts";
import type { LoadPart } from "../../load/deal-schedule.ts";
import type { BrokerMark } from "../../recording/broker-marks.ts";
import type { WarmUpResult } from "../../recording/cell-result.ts";
import type { PackedRecord } from "../../recording/packed-record.ts";
import type { ProcessCost } from "../../recording/process-costs.ts";
import type { WarmUpContent } from "../../serving/worker-protocol.ts";
import type { AnswerTally } from "../answers.ts";
import type { LoadSpec } from "../load-spec.ts";

/** The serving core that a process is to have. */
export interface CoreSpec {
  readonly models: readonly string[];
  readonly repository: string;
  readonly device: Device;
  readonly instances: number;
  readonly threads?: number | undefined;
  /** `raw`, or a recipe file. */
  readonly recipe?: string | undefined;
}

/** How the core really runs. */
export interface CoreFacts {
  /** ONNX Runtime's name, e.g. `CUDAExecutionProvider`, or `builtin`. */
  readonly executionProvider: string;
  /** About the device: where the nodes ran, how inputs and outputs travel. Empty on the CPU. */
  readonly deviceNotes: readonly string[];
  readonly instances: number;
  /** Of each instance. */
  readonly threads: number;
}

/** One transport in front of the core. */
export interface ListenerSpec {
  readonly transport: TransportName;
  readonly host: string;
  /** 0: any. Unused by mqtt. */
  readonly port: number;
  /** For mqtt. */
  readonly brokerUrl?: string | undefined;
}

export interface ServerStart {
  readonly listeners: readonly ListenerSpec[];
  readonly core: CoreSpec;
  /** Absent: images as rgb8 in each model's own size. */
  readonly warm?: readonly WarmUpContent[] | undefined;
  readonly tuning: Tuning;
  readonly maxPayloadBytes: number;
  readonly qos: Qos;
}

export interface ServerReady extends CoreFacts {
  /** One for each listener, in their order. */
  readonly endpoints: readonly string[];
  readonly notes: readonly string[];
}

export type ServerCommands = {
  start(argument: ServerStart): Promise<ServerReady>;
  /** Begins the measurement window. */
  begin(argument: undefined): void;
  /** Ends it. */
  end_window(argument: undefined): ProcessCost;
};

export interface BrokerStart {
  readonly host: string;
  /** 0: any. */
  readonly port: number;
  readonly maxPayloadBytes: number;
  readonly tuning: Tuning;
}

export type BrokerCommands = {
  /** Gives the broker's URL. */
  start(argument: BrokerStart): Promise<string>;
  begin(argument: undefined): void;
  end_window(argument: undefined): { readonly cost: ProcessCost; readonly marks: readonly BrokerMark[] };
};

export interface RelayStart {
  readonly host: string;
  /** 0: any. */
  readonly port: number;
  /** `http://host:port` of the server. */
  readonly target: string;
  readonly maxPayloadBytes: number;
}

/** What stands between generator and server is measured alike, broker or relay. */
export type MiddleCommands = Pick<BrokerCommands, "begin" | "end_window">;

export type RelayCommands = MiddleCommands & {
  /** Gives the relay's URL. */
  start(argument: RelayStart): Promise<string>;
};

export interface GeneratorStart {
  readonly transport: TransportName;
  readonly encoding: Encoding;
  readonly placement: "server" | "client";
  readonly model: string;
  readonly core: CoreSpec;
  readonly warm: readonly WarmUpContent[];
  readonly frames: SourceSpec;
  readonly load: LoadSpec;
  /** Absent for `local`: the generator then has the core itself. */
  readonly endpoint?: string | undefined;
  readonly connections: number;
  readonly tuning: Tuning;
  readonly qos: Qos;
  readonly maxPayloadBytes: number;
  /** File of the reference answers; absent: answers stay unchecked. */
  readonly reference?: string | undefined;
  readonly idPrefix: string;
  /** Which of several generators it is; what is dealt out by number (concurrency, connections) is dealt out already. */
  readonly part: LoadPart;
  readonly recording: RecordingSpec;
  /** For the `delay` model: what request 0, 1, … asks to wait, microseconds; absent: the model's own time. */
  readonly delaysUs?: readonly number[] | undefined;
}

/** What is kept of each request. */
export interface RecordingSpec {
  /** Requests that have a row; those beyond are counted. */
  readonly maxRecorded?: number | undefined;
  readonly deadlineMs?: number | undefined;
}

export interface GeneratorReady {
  readonly protocolVersion: string;
  readonly notes: readonly string[];
  /** Per frame: nanoseconds that getting it took, before the run. */
  readonly retrieveNs: readonly number[];
  /** `local` only. */
  readonly core?: CoreFacts | undefined;
}

export interface Measured {
  readonly answers: AnswerTally;
  readonly cost: ProcessCost;
}

export type GeneratorCommands = {
  start(argument: GeneratorStart): Promise<GeneratorReady>;
  warmUp(argument: undefined): Promise<WarmUpResult>;
  /** Takes the memory of the run, reads what it is compared with and computes its schedule. */
  prepare(argument: undefined): Promise<void>;
  /** @param beginNs - when the run begins, monotonic clock; absent: at once. */
  measure(beginNs: number | undefined): Promise<Measured>;
  /** What was recorded; asked for after the windows have ended, since it may be large. */
  record(argument: undefined): PackedRecord;
  /** Ends what goes on; `measure` then gives what it has. */
  abort(argument: string): void;
};

export interface ReferenceStart {
  readonly model: string;
  readonly core: CoreSpec;
  readonly warm: readonly WarmUpContent[];
  readonly placement: "server" | "client";
  readonly frames: SourceSpec;
  /** Where the answers are written. */
  readonly path: string;
}

export interface ReferenceReady extends CoreFacts {
  readonly frames: number;
}

export type ReferenceCommands = {
  answer(argument: ReferenceStart): Promise<ReferenceReady>;
};
