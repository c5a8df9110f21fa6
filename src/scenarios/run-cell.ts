import { messageOf } from "../core/errors.ts";
import { REHEARSAL, rehearses } from "../load/rehearse.ts";
import type { BrokerMark } from "../recording/broker-marks.ts";
import { INTERRUPTED, type RehearsalResult } from "../recording/cell-result.ts";
import type { ProcessCosts } from "../recording/process-costs.ts";
import { recordingNotes } from "../recording/recording-notes.ts";
import type { RunRecord } from "../recording/run-record.ts";
import { NO_ANSWERS } from "./answers.ts";
import type { BenchSpec } from "./bench-spec.ts";
import type { Cell } from "./cell.ts";
import { connectionsOf, coreSpecOf, httpVersionOf, loadSpecOf } from "./cell-specs.ts";
import { generatorsOf } from "./check-generators.ts";
import { Child, type ChildOptions, describeExit, type Role } from "./child.ts";
import { Crew } from "./crew.ts";
import { endWhenInterrupted, type Interruption } from "./end-when-interrupted.ts";
import { type Generators, type GeneratorsMeasured, startGenerators } from "./generators.ts";
import { type GpuSampler, startGpuSampler } from "./machine/gpu-sampler.ts";
import { createLinkMeter } from "./network/link-meter.ts";
import type { Namespaces, NetworkNode } from "./network/namespaces.ts";
import type {
  BrokerCommands,
  CoreFacts,
  CoreSpec,
  GeneratorCommands,
  MiddleCommands,
  RelayCommands,
  ServerCommands,
} from "./processes/commands.ts";
import type { Commands } from "./processes/obey.ts";
import { startRehearsalServer } from "./rehearsal-server.ts";
import type { RunOutcome } from "./run-outcome.ts";
import { HOST, startBroker, startServer } from "./start-servers.ts";
import { openStatisticsProbe } from "./statistics-probe.ts";
import { workerPoolNotes } from "./worker-pool-notes.ts";

/** What a process is asked where a window begins and ends takes less, even of a busy one. */
const WINDOW_MS = 10_000;

export type Phase = "starting" | "warm-up" | "measuring";

export interface RunCellOptions {
  readonly spec: BenchSpec;
  readonly cell: Cell;
  /** From 0: part of the schedule's seed and of the requests' ids. */
  readonly repetition: number;
  /** File of the reference answers. */
  readonly reference?: string | undefined;
  /** File that the answers of a server elsewhere are compared with, and completed. */
  readonly learned?: string | undefined;
  /** Of a `delay` model's requests, microseconds. */
  readonly delaysUs?: readonly number[] | undefined;
  /** Where the processes stand. @default all on loopback */
  readonly namespaces?: Namespaces | undefined;
  readonly signal: AbortSignal;
  onPhase(phase: Phase, fraction: number): void;
}

/**
 * One repetition of one cell, in processes of its own: broker, server, relay, generator. Whatever goes wrong is in the outcome;
 * it never rejects, and leaves no process behind.
 */
export async function runCell(options: RunCellOptions): Promise<RunOutcome> {
  const crew = new Crew();
  const { device, target } = options.cell.key;
  const gpu = device === "gpu" && target === "managed" ? startGpuSampler() : undefined;
  const interruption = endWhenInterrupted(crew, options.signal);
  try {
    return await run(options, { crew, interruption, gpu });
  } catch (error) {
    return {
      failure: messageOf(options.signal.aborted ? options.signal.reason : error),
      answers: NO_ANSWERS,
      costs: {},
      retrieveNs: [],
      notes: [],
    };
  } finally {
    interruption.off();
    gpu?.end();
    await crew.end();
  }
}

interface Means {
  readonly crew: Crew;
  readonly interruption: Interruption;
  readonly gpu: GpuSampler | undefined;
}

async function run(options: RunCellOptions, { crew, interruption, gpu }: Means): Promise<RunOutcome> {
  const { spec, cell, repetition, signal, onPhase } = options;
  const { key } = cell;
  const { tuning } = key;
  const { maxPayloadBytes, qos } = spec;
  if (signal.aborted) throw signal.reason;
  const notes: string[] = [];
  const nodes = options.namespaces?.nodes;
  const fork = <C extends Commands>(
    role: Role,
    node: NetworkNode | undefined,
    more?: Pick<ChildOptions, "onNotice">,
  ): Child<C> => crew.add(new Child<C>({ role, tuning, beside: node?.pid, ...more }));
  const isRehearsed = rehearses(spec.warmup);
  const ownCore = isRehearsed ? withRehearsal(coreSpecOf(spec, key)) : coreSpecOf(spec, key);
  let core: CoreFacts | undefined;
  onPhase("starting", 0);

  // All begin to run at once, and are then told what to do one after the other.
  const isForeign = spec.url !== undefined;
  const ownBroker = key.transport === "mqtt" && !isForeign && spec.broker === undefined;
  const broker = ownBroker ? fork<BrokerCommands>("broker", nodes?.middle) : undefined;
  const server =
    key.transport === "local" || isForeign ? undefined : fork<ServerCommands>("server", nodes?.server);
  const relay = key.transport === "http-relay" ? fork<RelayCommands>("relay", nodes?.middle) : undefined;
  const middle: Child<MiddleCommands> | undefined = broker ?? relay;
  const children = Array.from({ length: generatorsOf(spec, cell) }, () =>
    fork<GeneratorCommands>("generator", nodes?.client, {
      onNotice: (notice, value) => {
        if (notice === "progress" && typeof value === "number") onPhase("measuring", value);
      },
    }),
  );

  const brokerUrl =
    broker === undefined
      ? spec.broker
      : await startBroker(broker, { tuning, maxPayloadBytes, node: nodes?.middle });
  let endpoint = spec.url;
  if (server !== undefined) {
    const ready = await startServer(server, {
      transport: key.transport,
      brokerUrl,
      node: nodes?.server,
      core: ownCore,
      warm: cell.warm,
      tuning,
      maxPayloadBytes,
      qos,
    });
    [endpoint] = ready.endpoints;
    core = ready;
    notes.push(...ready.notes);
  }
  if (relay !== undefined && endpoint !== undefined) {
    const host = nodes?.middle.address ?? HOST;
    endpoint = await relay.ask("start", { host, port: 0, target: endpoint, maxPayloadBytes });
  }
  if (signal.aborted) throw signal.reason;

  const generators = await startGenerators(children, {
    transport: key.transport,
    encoding: key.encoding,
    placement: key.placement,
    model: key.model,
    core: ownCore,
    warm: cell.warm,
    frames: cell.source,
    load: loadSpecOf(spec, key, repetition),
    endpoint,
    connections: connectionsOf(key),
    tuning,
    qos,
    httpVersion: httpVersionOf(key),
    maxPayloadBytes,
    foreign: cell.foreign,
    reference: options.reference,
    learned: options.learned,
    idPrefix: `${repetition}-`,
    part: { index: 0, of: 1 },
    recording: { maxRecorded: spec.maxRecorded, deadlineMs: spec.deadlineMs },
    delaysUs: options.delaysUs,
  });
  const { ready } = generators;
  core ??= ready.core;
  notes.push(...ready.notes, ...(core === undefined ? [] : [...core.deviceNotes, ...workerPoolNotes(core)]));

  // Not through the relay, where there is one.
  const statistics =
    cell.foreign === undefined || spec.url === undefined
      ? undefined
      : await openStatisticsProbe({
          transport: key.transport === "http-relay" ? "http" : key.transport,
          endpoint: spec.url,
          model: key.model,
          maxPayloadBytes,
        });
  if (statistics !== undefined) crew.also(statistics);
  const failure = watch({ generators, server, middle, signal });
  onPhase("warm-up", 0);
  let rehearsal: RehearsalResult | undefined;
  if (isRehearsed) {
    const { transport } = key;
    const standIn =
      spec.url === undefined
        ? undefined
        : await startRehearsalServer(crew, { transport, tuning, maxPayloadBytes, qos });
    rehearsal = await generators.rehearse(standIn?.endpoint);
    await standIn?.close();
  }
  const warmup = await generators.warmUp();
  await generators.prepare();
  const links = createLinkMeter({
    endpoint,
    middle: middle === undefined ? undefined : key.transport === "mqtt" ? "broker" : "relay",
    generatorPids: children.map(({ pid }) => pid),
    namespaces: options.namespaces,
  });
  await links.begin();
  await Promise.all([
    server?.ask("begin", undefined, WINDOW_MS),
    middle?.ask("begin", undefined, WINDOW_MS),
    statistics?.begin(),
  ]);
  onPhase("measuring", 0);
  const windowStartedAt = new Date().toISOString();
  gpu?.begin();
  interruption.measuring();
  const measured = await generators.measure();
  const gpuUsage = gpu?.end();
  const { costs, marks } = await closeWindow(measured, server, middle);
  const record = await generators.record(marks);
  notes.push(...recordingNotes(record), ...(await generators.keepAnswers()));
  const counted = await statistics?.end(okOf(record));
  if (counted !== undefined) notes.push(counted.note);
  const { wire, kernelBytes, notes: said } = await links.end(record, costs);
  notes.push(...said);
  return {
    // An interrupt after the last answer broke nothing off.
    failure: (signal.aborted && !record.aborted ? undefined : failure()) ?? generators.failure(),
    windowStartedAt,
    record,
    answers: measured.answers,
    costs,
    gpu: gpuUsage,
    retrieveNs: ready.retrieveNs,
    core,
    warmup: warmup && { ...warmup, rehearsal },
    serverMeans: counted?.means,
    wire,
    kernelBytes,
    notes,
  };
}

function withRehearsal(core: CoreSpec): CoreSpec {
  return { ...core, models: [...new Set([...core.models, REHEARSAL.model])] };
}

interface Watched {
  readonly generators: Generators;
  readonly server: Child<ServerCommands> | undefined;
  readonly middle: Child<MiddleCommands> | undefined;
  readonly signal: AbortSignal;
}

/** Ends the generator's run when a process that it needs has gone, or the user wants to stop. Gives the reason. */
function watch({ generators, server, middle, signal }: Watched): () => string | undefined {
  let failure: string | undefined;
  const stop = (reason: string): void => {
    failure ??= reason;
    generators.abort(reason);
  };
  for (const child of [server, middle]) {
    if (child === undefined) continue;
    let over = false;
    void Promise.race(generators.children.map(({ exited }) => exited)).then(() => {
      over = true;
    });
    void child.exited.then((exit) => {
      if (!over) stop(describeExit(child.role, exit));
    });
  }
  if (signal.aborted) stop(INTERRUPTED);
  const onAbort = (): void => stop(INTERRUPTED);
  signal.addEventListener("abort", onAbort, { once: true });
  void Promise.all(generators.children.map(({ exited }) => exited)).then(() =>
    signal.removeEventListener("abort", onAbort),
  );
  return () => failure;
}

/** Ends the windows of server and broker or relay; a process that has gone, or does not answer, leaves no cost. */
async function closeWindow(
  { cost }: GeneratorsMeasured,
  server: Child<ServerCommands> | undefined,
  middle: Child<MiddleCommands> | undefined,
): Promise<{ readonly costs: ProcessCosts; readonly marks: readonly BrokerMark[] }> {
  const unavailable = (): undefined => undefined;
  const [serverCost, middleWindow] = await Promise.all([
    server?.ask("end_window", undefined, WINDOW_MS).catch(unavailable),
    middle?.ask("end_window", undefined, WINDOW_MS).catch(unavailable),
  ]);
  return {
    costs: {
      client: cost,
      ...(serverCost === undefined ? {} : { server: serverCost }),
      ...(middleWindow === undefined ? {} : { broker: middleWindow.cost }),
    },
    marks: middleWindow?.marks ?? [],
  };
}

/** Good answers, one by one recorded or only counted. */
function okOf({ columns, rows, unrecorded }: RunRecord): number {
  let ok = unrecorded?.ok ?? 0;
  for (let row = 0; row < rows; row++) if (columns.status[row] === 0) ok++;
  return ok;
}
