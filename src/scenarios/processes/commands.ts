import type { Device } from "../../core/cell.ts";
import type { ModelMetadata } from "../../core/metadata.ts";
import type { MetricsPage } from "../../core/metrics-source.ts";
import type { TensorForm } from "../../core/tfs/envelope.ts";
import type { Encoding, HttpVersion, Qos, TransportName, Tuning } from "../../core/transport.ts";
import type { SourceSpec } from "../../inputs/open-source.ts";
import type { LoadPart } from "../../load/deal-schedule.ts";
import type { BrokerMark } from "../../recording/broker-marks.ts";
import type { RehearsalResult, WarmUpResult } from "../../recording/cell-result.ts";
import type { PackedRecord } from "../../recording/packed-record.ts";
import type { ProcessCost } from "../../recording/process-costs.ts";
import type { MetricsSnapshot } from "../../serving/metrics.ts";
import type { WarmUpContent } from "../../serving/worker-protocol.ts";
import type { AnswerTally } from "../answers.ts";
import type { ForeignForm } from "../foreign/foreign-form.ts";
import type { LoadSpec } from "../load-spec.ts";
import type { Change } from "../serving/model-book.ts";
import type { ModelOutcome, ServingSpec } from "../serving/serving-spec.ts";
import type { StudySpec } from "../study/study-painter.ts";

/** The serving core that a process is to have. */
export interface CoreSpec {
  readonly models: readonly string[];
  readonly repository: string;
  readonly device: Device;
  /** Of each model. @default as its configuration says, else 1 */
  readonly instances?: number | undefined;
  /** Of each instance. @default `cores` divided by the instances */
  readonly threads?: number | undefined;
  /** This process's share of the machine. @default all */
  readonly cores?: number | undefined;
  /** Most requests that wait for a model. @default the engine's */
  readonly maxQueue?: number | undefined;
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
  /** Whether ONNX Runtime's idle threads spin. */
  readonly spinning: boolean;
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
  /** Absent: each model's own tensors, and images as rgb8 where it has a recipe. */
  readonly warm?: readonly WarmUpContent[] | undefined;
  readonly tuning: Tuning;
  readonly maxPayloadBytes: number;
  readonly qos: Qos;
  /** mqtt: servers of one group take turns. */
  readonly mqttGroup?: string | undefined;
  /** mqtt: the vehicle-cloud study's topics, too. */
  readonly study?: StudySpec | undefined;
  /** tfs-grpc: how outputs travel to clients that do not ask. */
  readonly tfsAnswers?: TensorForm | undefined;
  /** For a server that stays; absent: one of a measurement. */
  readonly serving?: ServingSpec | undefined;
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
  /** Takes no more requests and waits for those in flight; gives how many were left after its time. */
  drain(argument: undefined): Promise<number>;
  /** Loads or unloads a model in this process. */
  change_model(argument: Change): Promise<ModelOutcome>;
  /** What became of an order that this process told of. */
  model_changed(argument: { readonly number: number; readonly outcome: ModelOutcome }): void;
  /** The metrics of this process. */
  metrics(argument: undefined): Promise<MetricsSnapshot>;
  /** The metrics of all, which this process asked for. */
  metrics_page(argument: { readonly number: number; readonly page: MetricsPage }): void;
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
  /** For http. */
  readonly httpVersion?: HttpVersion | undefined;
  readonly maxPayloadBytes: number;
  /** How frames become the inputs of a server that is not ours. */
  readonly foreign?: ForeignForm | undefined;
  /** File of the bench's first answers, read where it exists, and completed: what a server elsewhere is compared with. */
  readonly learned?: string | undefined;
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
  /**
   * Has the client's code compiled, over a connection of its own, and the server's where it is the run's.
   * @param endpoint - of a server that has the rehearsal's model; absent: the run's.
   */
  rehearse(endpoint: string | undefined): Promise<RehearsalResult>;
  warmUp(argument: undefined): Promise<WarmUpResult>;
  /** Takes the memory of the run, reads what it is compared with and computes its schedule. */
  prepare(argument: undefined): Promise<void>;
  /** @param beginNs - when the run begins, monotonic clock; absent: at once. */
  measure(beginNs: number | undefined): Promise<Measured>;
  /** What was recorded; asked for after the windows have ended, since it may be large. */
  record(argument: undefined): PackedRecord;
  /** Keeps what was learned of the answers for later runs; asked for like `record`. Gives why that failed, one line. */
  keepAnswers(argument: undefined): Promise<string | undefined>;
  /** Ends what goes on; `measure` then gives what it has. */
  abort(argument: string): void;
};

export interface ReferenceStart {
  readonly model: string;
  readonly core: CoreSpec;
  readonly warm: readonly WarmUpContent[];
  readonly placement: "server" | "client";
  readonly frames: SourceSpec;
  /** The ONNX file that is to be what a server elsewhere runs, which describes it so; absent: the core runs its own model. */
  readonly local?: LocalReference | undefined;
  /** Where the answers are written. */
  readonly path: string;
}

/** A model file in the place of a server elsewhere. */
export interface LocalReference {
  readonly file: string;
  readonly metadata: ModelMetadata;
  readonly foreign: ForeignForm;
}

export interface ReferenceReady extends CoreFacts {
  readonly frames: number;
}

export type ReferenceCommands = {
  answer(argument: ReferenceStart): Promise<ReferenceReady>;
};
