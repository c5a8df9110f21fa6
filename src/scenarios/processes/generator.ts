import { clockId, monotonicClock } from "../../core/clock.ts";
import { BenchError, messageOf, TransportError } from "../../core/errors.ts";
import type { Frame } from "../../core/frame.ts";
import type { InferenceClient, InferenceServer, Transport } from "../../core/transport.ts";
import { openSource } from "../../inputs/open-source.ts";
import type { LoadContext } from "../../load/load-context.ts";
import { createPacer } from "../../load/pacer.ts";
import { REHEARSAL, rehearse } from "../../load/rehearse.ts";
import { warmUp } from "../../load/warm-up.ts";
import { type PackedRecord, packRecord } from "../../recording/packed-record.ts";
import { createRecorder, type Recorder } from "../../recording/recorder.ts";
import type { Engine } from "../../serving/engine.ts";
import { type AnswerChecker, createAnswerChecker } from "../answers.ts";
import { createLearningChecker, mergeLearned } from "../learning-checker.ts";
import type { LoadSpec } from "../load-spec.ts";
import type { FrameWork } from "../preparation.ts";
import { readLearned, readReference, writeLearned } from "../reference-file.ts";
import { createTransport } from "../transports.ts";
import type { CoreFacts, GeneratorCommands, GeneratorStart, Measured } from "./commands.ts";
import { createFrameWork } from "./frame-work.ts";
import { outstandingOf, runLoad, scheduleOf } from "./generator-load.ts";
import { obey, tell } from "./obey.ts";
import { createCostMeter } from "./process-cost.ts";
import { withDelays } from "./with-delays.ts";

/** The entry of the load generator's process. */
interface Rig {
  readonly start: GeneratorStart;
  /** Opens one more connection. @param to - @default where the clients are connected to */
  connect(to?: string): Promise<InferenceClient>;
  readonly frames: readonly Frame[];
  readonly clients: readonly InferenceClient[];
  readonly work: FrameWork;
}

/** Rows for a closed loop of which nothing is known beforehand. */
const ROWS = 65_536;
/** A closed loop gets memory for so many times the requests that its warm-up's speed makes likely. */
const SPARE = 1.25;

const aborted = new AbortController();
const meter = createCostMeter();
let rig: Rig | undefined;
let core: Engine | undefined;
let facts: CoreFacts | undefined;
let localServer: InferenceServer | undefined;
const clients: InferenceClient[] = [];
let warmed: { readonly recorder: Recorder; readonly requestsPerMs: number } | undefined;
let measurement: { run(beginNs: number | undefined): Promise<Measured> } | undefined;
let recorded: PackedRecord | undefined;
let checker: AnswerChecker | undefined;

const commands: GeneratorCommands = {
  async start(start) {
    const { frames, notes } = await openSource(start.frames);
    const transport = createTransport(start.transport);
    const endpoint = start.endpoint ?? (await serveLocally(transport, start));
    const { maxPayloadBytes, tuning, encoding, qos, httpVersion } = start;
    const connect = (to = endpoint): Promise<InferenceClient> =>
      transport.connect(to, { maxPayloadBytes, tuning, encoding, qos, httpVersion });
    for (let i = 0; i < start.connections; i++) clients.push(await connect());
    const [first] = clients;
    if (first === undefined) throw new BenchError("ERR_USAGE", "at least one connection is needed");
    const metadata = await first.modelMetadata(start.model);
    // Each client learns from it for itself how a foreign model answers.
    if (start.foreign !== undefined) {
      for (const client of clients.slice(1)) await client.modelMetadata(start.model);
    }
    const work = withDelays(await createFrameWork({ ...start, metadata, frames }), start);
    rig = { start, connect, frames, clients, work };
    return {
      protocolVersion: first.protocolVersion,
      notes,
      retrieveNs: frames.map(({ retrieveNs }) => retrieveNs),
      core: facts,
    };
  },
  async rehearse(endpoint) {
    const { start, connect } = ready();
    const client = await connect(endpoint);
    try {
      // Some protocols' clients learn from it how to read the answers.
      await client.modelMetadata(REHEARSAL.model);
      const recorder = createRecorder({ clockId: clockId() });
      const context = contextOf(ready(), `${start.idPrefix}r`, start.load, recorder);
      return await rehearse({ ...context, clients: [client] });
    } finally {
      await client.close();
    }
  },
  async warmUp() {
    const { start } = ready();
    const { load, connections, idPrefix } = start;
    const concurrency = outstandingOf(load, connections);
    const recorder = createRecorder({ clockId: clockId() });
    const context = contextOf(ready(), `${idPrefix}w`, load, recorder);
    const result = await warmUp(context, load.warmup, { concurrency });
    warmed = { recorder, requestsPerMs: result.requests / Math.max(1, result.durationMs) };
    return result;
  },
  async prepare() {
    const { start } = ready();
    const { load, recording } = start;
    const answers = await checkerOf(start);
    checker = answers;
    const schedule = await scheduleOf(load, ready().frames, start.part);
    const recorder = createRecorder({
      ...recording,
      clockId: clockId(),
      capacity: schedule?.offsetsNs.length ?? closedLoopRows(load),
      expected: warmed === undefined || warmed.recorder.counts.ok === 0 ? undefined : warmed.recorder.written,
    });
    const context: LoadContext = {
      ...contextOf(ready(), start.idPrefix, load, recorder),
      check: (answer, frameIndex) => answers.check(answer, frameIndex),
      onProgress: ({ fraction }) => tell("progress", fraction),
    };
    const pacer = schedule === undefined ? undefined : await createPacer(schedule.offsetsNs);
    measurement = {
      async run(beginNs) {
        meter.begin();
        const duplicatesBefore = duplicateAnswers();
        const nowNs = monotonicClock.nowNs();
        const leftNs = (beginNs ?? nowNs) - nowNs + (schedule?.lengthNs ?? 0);
        const over = schedule && setTimeout(() => meter.scheduleOver(pacer?.spinMs()), leftNs / 1e6);
        const record = await runLoad({ ...context, pacer, beginNs }, load, schedule);
        clearTimeout(over);
        const cost = meter.end(pacer?.spinMs() ?? 0);
        await pacer?.close();
        const duplicates = duplicateAnswers();
        recorded = packRecord({
          ...record,
          ...(duplicates === undefined ? {} : { duplicateAnswers: duplicates - (duplicatesBefore ?? 0) }),
        });
        return { cost, answers: answers.tally() };
      },
    };
  },
  async measure(beginNs) {
    if (measurement === undefined) throw new BenchError("ERR_PROCESS", "the run has not been prepared");
    return measurement.run(beginNs);
  },
  record() {
    if (recorded === undefined) throw new BenchError("ERR_PROCESS", "nothing was measured");
    return recorded;
  },
  async keepAnswers() {
    const { learned } = ready().start;
    const answers = checker?.learned();
    if (learned === undefined || answers === undefined) return undefined;
    try {
      // Another generator of this run may have kept its own meanwhile.
      await writeLearned(learned, mergeLearned(await readLearned(learned), answers));
      return undefined;
    } catch (error) {
      return `answers could not be kept, so the next run compares its own alone: ${messageOf(error)}`;
    }
  },
  abort(reason) {
    // What is out is cancelled by the run's end, and counted as that over every transport.
    aborted.abort(new TransportError("CANCELLED", reason));
  },
};

function ready(): Rig {
  if (rig === undefined) throw new BenchError("ERR_PROCESS", "the generator has not been started");
  return rig;
}

/** Compares with the reference, with what earlier runs learned, or with nothing. */
async function checkerOf({ reference, learned, foreign }: GeneratorStart): Promise<AnswerChecker> {
  const isOwn = foreign === undefined || foreign.kind === "recipe";
  if (reference !== undefined) return createAnswerChecker(await readReference(reference), isOwn);
  if (learned !== undefined) return createLearningChecker(await readLearned(learned), isOwn);
  return createAnswerChecker(undefined);
}

/** `local`: the core is in this process. */
async function serveLocally(transport: Transport, start: GeneratorStart): Promise<string> {
  const { maxPayloadBytes, tuning } = start;
  const { coreFacts, createCore } = await import("./core.ts");
  core = await createCore(start.core, start.warm);
  facts = coreFacts(core);
  localServer = await transport.serve(core, { host: "127.0.0.1", port: 0, maxPayloadBytes, tuning });
  return localServer.endpoint;
}

function contextOf(
  { work, frames }: Rig,
  idPrefix: string,
  { timeoutMs, seed }: LoadSpec,
  recorder: Recorder,
): LoadContext {
  const { prepare, finish } = work.preparation;
  return {
    clients,
    frameCount: frames.length,
    prepare,
    ...(finish === undefined ? {} : { finish }),
    recorder,
    clock: monotonicClock,
    timeoutMs,
    seed,
    idPrefix,
    signal: aborted.signal,
  };
}

/** Of all connections so far; absent where the protocol brings no answer twice. */
function duplicateAnswers(): number | undefined {
  const counts = clients.flatMap((client) => client.duplicateAnswers ?? []);
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
}

/** Rows that a closed loop is likely to need: what is wanted where that is its whole length, else by its warm-up. */
function closedLoopRows({ durationMs, requests = 0 }: LoadSpec): number {
  if (durationMs === undefined) return requests;
  const likely = warmed === undefined ? 0 : SPARE * durationMs * warmed.requestsPerMs;
  return Math.max(requests, likely > 0 ? Math.ceil(likely) : ROWS);
}

obey(commands, async () => {
  await Promise.all(clients.map((client) => client.destroy()));
  await rig?.work.close();
  await localServer?.close();
  await core?.close();
});
