import { messageOf } from "../core/errors.ts";
import { type BrokerMark, joinBrokerMarks } from "../recording/broker-marks.ts";
import type { ProcessCosts } from "../recording/process-costs.ts";
import { NO_ANSWERS } from "./answers.ts";
import type { BenchSpec } from "./bench-spec.ts";
import type { Cell } from "./cell.ts";
import { coreSpecOf, loadSpecOf } from "./cell-specs.ts";
import { Child, describeExit } from "./child.ts";
import type {
  BrokerCommands,
  CoreFacts,
  GeneratorCommands,
  Measured,
  ServerCommands,
} from "./processes/commands.ts";
import type { RunOutcome } from "./run-outcome.ts";

/** Everything that the bench starts listens here. */
const HOST = "127.0.0.1";

export type Phase = "starting" | "warm-up" | "measuring";

export interface RunCellOptions {
  readonly spec: BenchSpec;
  readonly cell: Cell;
  /** From 0: part of the schedule's seed and of the requests' ids. */
  readonly repetition: number;
  /** File of the reference answers. */
  readonly reference?: string | undefined;
  readonly signal: AbortSignal;
  onPhase(phase: Phase, fraction: number): void;
}

/** The processes of one run: started one by one, ended together in reverse order. */
class Crew {
  readonly #children: Child<never>[] = [];

  add<T extends Child<never>>(child: T): T {
    this.#children.push(child);
    return child;
  }

  async end(): Promise<void> {
    for (const child of this.#children.toReversed()) await child.end();
  }
}

/**
 * One repetition of one cell, in processes of its own: broker, server, generator. Whatever goes wrong is in the outcome;
 * it never rejects, and leaves no process behind.
 */
export async function runCell(options: RunCellOptions): Promise<RunOutcome> {
  const crew = new Crew();
  try {
    return await run(options, crew);
  } catch (error) {
    return {
      failure: messageOf(error),
      answers: NO_ANSWERS,
      costs: {},
      retrieveNs: [],
      notes: [],
    };
  } finally {
    await crew.end();
  }
}

async function run(options: RunCellOptions, crew: Crew): Promise<RunOutcome> {
  const { spec, cell, repetition, signal, onPhase } = options;
  const { key } = cell;
  const { tuning } = key;
  const { maxPayloadBytes, qos } = spec;
  const notes: string[] = [];
  let core: CoreFacts | undefined;
  onPhase("starting", 0);

  let brokerUrl = spec.broker;
  let broker: Child<BrokerCommands> | undefined;
  if (key.transport === "mqtt" && spec.url === undefined && brokerUrl === undefined) {
    broker = crew.add(new Child<BrokerCommands>({ role: "broker", tuning }));
    brokerUrl = await broker.ask("start", { host: HOST, port: 0, maxPayloadBytes, tuning });
  }

  let endpoint = spec.url;
  let server: Child<ServerCommands> | undefined;
  if (key.transport !== "local" && endpoint === undefined) {
    server = crew.add(new Child<ServerCommands>({ role: "server", tuning }));
    const ready = await server.ask("start", {
      listeners: [{ transport: key.transport, host: HOST, port: 0, brokerUrl }],
      core: coreSpecOf(spec, key),
      warm: cell.warm,
      tuning,
      maxPayloadBytes,
      qos,
    });
    [endpoint] = ready.endpoints;
    core = ready;
    notes.push(...ready.notes);
  }
  if (signal.aborted) throw signal.reason;

  const generator = crew.add(
    new Child<GeneratorCommands>({
      role: "generator",
      tuning,
      onNotice: (notice, value) => {
        if (notice === "progress" && typeof value === "number") onPhase("measuring", value);
      },
    }),
  );
  const ready = await generator.ask("start", {
    transport: key.transport,
    encoding: key.encoding,
    placement: key.placement,
    model: key.model,
    core: coreSpecOf(spec, key),
    warm: cell.warm,
    frames: cell.source,
    load: loadSpecOf(spec, key, repetition),
    endpoint,
    connections: key.connections ?? 1,
    tuning,
    qos,
    maxPayloadBytes,
    reference: options.reference,
    idPrefix: `${repetition}-`,
  });
  core ??= ready.core;
  notes.push(...ready.notes);

  const failure = watch({ generator, server, broker, signal });
  onPhase("warm-up", 0);
  const warmup = await generator.ask("warmUp", undefined);
  await Promise.all([server?.ask("begin", undefined), broker?.ask("begin", undefined)]);
  onPhase("measuring", 0);
  const measured = await generator.ask("measure", undefined);
  const costs = await closeWindow(measured, server, broker);
  return {
    failure: failure(),
    record: measured.record,
    answers: measured.answers,
    costs,
    retrieveNs: ready.retrieveNs,
    core,
    warmup,
    notes,
  };
}

interface Watched {
  readonly generator: Child<GeneratorCommands>;
  readonly server: Child<ServerCommands> | undefined;
  readonly broker: Child<BrokerCommands> | undefined;
  readonly signal: AbortSignal;
}

/** Ends the generator's run when a process that it needs has gone, or the user wants to stop. Gives the reason. */
function watch({ generator, server, broker, signal }: Watched): () => string | undefined {
  let failure: string | undefined;
  const stop = (reason: string): void => {
    failure ??= reason;
    generator.ask("abort", reason).catch(() => {
      // The generator has gone as well: its own command reports that.
    });
  };
  for (const child of [server, broker]) {
    if (child === undefined) continue;
    let over = false;
    void generator.exited.then(() => {
      over = true;
    });
    void child.exited.then((exit) => {
      if (!over) stop(describeExit(child.role, exit));
    });
  }
  if (signal.aborted) stop("interrupted");
  signal.addEventListener("abort", () => stop("interrupted"), { once: true });
  return () => failure;
}

/** Ends the windows of server and broker, and joins the broker's marks; a process that has gone leaves no cost. */
async function closeWindow(
  { record, cost }: Measured,
  server: Child<ServerCommands> | undefined,
  broker: Child<BrokerCommands> | undefined,
): Promise<ProcessCosts> {
  const unavailable = (): undefined => undefined;
  const [serverCost, brokerWindow] = await Promise.all([
    server?.ask("end_window", undefined).catch(unavailable),
    broker?.ask("end_window", undefined).catch(unavailable),
  ]);
  const marks: readonly BrokerMark[] = brokerWindow?.marks ?? [];
  joinBrokerMarks(record, marks);
  return {
    client: cost,
    ...(serverCost === undefined ? {} : { server: serverCost }),
    ...(brokerWindow === undefined ? {} : { broker: brokerWindow.cost }),
  };
}
