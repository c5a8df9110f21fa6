import { clockId, monotonicClock } from "../../core/clock.ts";
import { BenchError } from "../../core/errors.ts";
import type { Frame } from "../../core/frame.ts";
import type { InferenceClient, InferenceServer, Transport } from "../../core/transport.ts";
import { openSource } from "../../inputs/open-source.ts";
import { runClosedLoop } from "../../load/closed-loop.ts";
import type { LoadContext } from "../../load/load-context.ts";
import { runOpenLoop } from "../../load/open-loop.ts";
import { createPacer } from "../../load/pacer.ts";
import { createSchedule } from "../../load/schedule.ts";
import { warmUp } from "../../load/warm-up.ts";
import { createRecorder } from "../../recording/recorder.ts";
import type { RunRecord } from "../../recording/run-record.ts";
import type { Engine } from "../../serving/engine.ts";
import { createAnswerChecker } from "../answers.ts";
import type { LoadSpec } from "../load-spec.ts";
import { readReference } from "../reference-file.ts";
import { createTransport } from "../transports.ts";
import type { CoreFacts, GeneratorCommands, GeneratorStart } from "./commands.ts";
import { createFrameWork, type FrameWork } from "./frame-work.ts";
import { obey, tell } from "./obey.ts";
import { createCostMeter } from "./process-cost.ts";

/** The entry of the load generator's process. */
interface Rig {
  readonly start: GeneratorStart;
  readonly frames: readonly Frame[];
  readonly clients: readonly InferenceClient[];
  readonly work: FrameWork;
}

/** Rows kept free before a run, so that recording allocates nothing while it measures. */
const ROWS = 65_536;

const aborted = new AbortController();
const meter = createCostMeter();
let rig: Rig | undefined;
let core: Engine | undefined;
let facts: CoreFacts | undefined;
let localServer: InferenceServer | undefined;
const clients: InferenceClient[] = [];

const commands: GeneratorCommands = {
  async start(start) {
    const { frames, notes } = await openSource(start.frames);
    const transport = createTransport(start.transport);
    const endpoint = start.endpoint ?? (await serveLocally(transport, start));
    const { maxPayloadBytes, tuning, encoding, qos } = start;
    for (let i = 0; i < start.connections; i++) {
      clients.push(await transport.connect(endpoint, { maxPayloadBytes, tuning, encoding, qos }));
    }
    const [first] = clients;
    if (first === undefined) throw new BenchError("ERR_USAGE", "at least one connection is needed");
    const metadata = await first.modelMetadata(start.model);
    const work = await createFrameWork({ ...start, metadata, frames });
    rig = { start, frames, clients, work };
    return {
      protocolVersion: first.protocolVersion,
      notes,
      retrieveNs: frames.map(({ retrieveNs }) => retrieveNs),
      core: facts,
    };
  },
  async warmUp() {
    const { start } = ready();
    const { load, connections, idPrefix } = start;
    const concurrency = load.scenario === "closed-loop" ? load.concurrency : connections;
    return warmUp(contextOf(ready(), `${idPrefix}w`, load), load.warmup, { concurrency });
  },
  async measure() {
    const { start } = ready();
    const checker = createAnswerChecker(
      start.reference === undefined ? undefined : await readReference(start.reference),
    );
    const context: LoadContext = {
      ...contextOf(ready(), start.idPrefix, start.load),
      check: (answer, frameIndex) => checker.check(answer, frameIndex),
      onProgress: ({ fraction }) => tell("progress", fraction),
    };
    const pacer = start.load.scenario === "open-loop" ? await createPacer() : undefined;
    meter.begin();
    const record = await runLoad(
      pacer === undefined ? context : { ...context, waitUntil: pacer.waitUntil },
      start.load,
    );
    await pacer?.close();
    return { cost: meter.end(), record, answers: checker.tally() };
  },
  abort(reason) {
    aborted.abort(new BenchError("ERR_PROCESS", reason));
  },
};

function ready(): Rig {
  if (rig === undefined) throw new BenchError("ERR_PROCESS", "the generator has not been started");
  return rig;
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

function contextOf({ work, frames }: Rig, idPrefix: string, { timeoutMs }: LoadSpec): LoadContext {
  const { prepare, finish } = work.preparation;
  return {
    clients,
    frameCount: frames.length,
    prepare,
    ...(finish === undefined ? {} : { finish }),
    recorder: createRecorder({ capacity: ROWS, clockId: clockId() }),
    clock: monotonicClock,
    timeoutMs,
    idPrefix,
    signal: aborted.signal,
  };
}

function runLoad(context: LoadContext, load: LoadSpec): Promise<RunRecord> {
  if (load.scenario === "closed-loop") {
    return runClosedLoop(context, { concurrency: load.concurrency, stop: load });
  }
  const schedule = createSchedule(load.arrivals, load);
  return runOpenLoop(context, { ...schedule, maxInFlight: load.maxInFlight, whenBusy: "drop-new" });
}

obey(commands, async () => {
  await Promise.all(clients.map((client) => client.destroy()));
  await rig?.work.close();
  await localServer?.close();
  await core?.close();
});
