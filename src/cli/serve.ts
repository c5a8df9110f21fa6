import { availableParallelism } from "node:os";
import { Command } from "commander";
import { BenchError } from "../core/errors.ts";
import { DEFAULT_MAX_PAYLOAD_BYTES, type InferenceServer } from "../core/transport.ts";
import { Child, describeExit } from "../scenarios/child.ts";
import type { BrokerCommands, ListenerSpec, ServerStart } from "../scenarios/processes/commands.ts";
import { claimPorts } from "../scenarios/serving/claim-ports.ts";
import type { PoolEvent } from "../scenarios/serving/pool-event.ts";
import { ServingPool } from "../scenarios/serving/serving-pool.ts";
import type { ServingSpec } from "../scenarios/serving/serving-spec.ts";
import type { StudySpec } from "../scenarios/study/study-painter.ts";
import { serveMetrics } from "../transports/http/serve-metrics.ts";
import { type Interrupt, listenForInterrupt } from "./interrupt.ts";
import { openServeLog } from "./serve-log.ts";
import { modelsOf, repositoryOf } from "./serve-models.ts";
import { addServeOptions, readServeOptions, type ServeSettings } from "./serve-options.ts";

const DEFAULT_GROUP = "wirebench";
/** After the requests themselves: how long connections may take to go. Less than a process is given to end. */
const CLOSE_TIMEOUT_MS = 3_000;

const EXAMPLES = `
The endpoints are printed when every model is warm. Ctrl-C and SIGTERM drain: not ready at once, requests in flight
finish, then exit code 0. docs/serve.md tells the rest.

Examples:
  $ npm run serve -- --model m1-small
  $ npm run serve -- --transport http,grpc --model identity,null --http-port 8000 --grpc-port 8001
  $ npm run serve -- --model-repository /srv/models --workers 4 --host 0.0.0.0 --access-log requests.jsonl
  $ npm run serve -- --model m1-small --max-queue 32 --max-connections 200 --request-timeout 10s
  $ npm run serve -- --transport mqtt --model m1-small --broker mqtt://10.0.0.7:1883
  $ npm run serve -- --transport mqtt --model m1-small --broker mqtt://10.0.0.7:1883 --mqtt-group street
  $ npm run serve -- --transport mqtt --model m1-small --study-topics
  $ npm run serve -- --transport tfs-http,tfs-grpc --model m2 --tfs-http-port 8501 --tfs-grpc-port 8500`;

/** `serve`: the serving core behind its transports, until it is told to end. */
export function serveCommand(): Command {
  const command = new Command("serve").description(
    "Serve models over HTTP, gRPC and MQTT (Open Inference Protocol), and as TensorFlow Serving and KServe V1 do.",
  );
  return addServeOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (options: unknown) => {
      process.exitCode = await serve(readServeOptions(options));
    });
}

async function serve(settings: ServeSettings): Promise<number> {
  const interrupt = listenForInterrupt();
  const log = openServeLog(settings.accessLog);
  const note = sayOnce();
  const { tuning, workers, host, maxPayload: maxPayloadBytes = DEFAULT_MAX_PAYLOAD_BYTES } = settings;
  let broker: Child<BrokerCommands> | undefined;
  let pool: ServingPool | undefined;
  let metrics: InferenceServer | undefined;
  try {
    const listeners = await listenersOf(settings);
    const models = await modelsOf(settings, note);
    let brokerUrl = settings.broker;
    if (settings.transport.includes("mqtt") && brokerUrl === undefined) {
      broker = new Child<BrokerCommands>({ role: "broker", tuning });
      brokerUrl = await broker.ask("start", { host, port: settings.mqttPort, maxPayloadBytes, tuning });
    }
    pool = new ServingPool({
      workers,
      tuning,
      start: {
        listeners: listeners.map((listener) => ({ ...listener, brokerUrl })),
        core: coreOf(settings, models),
        tuning,
        maxPayloadBytes,
        qos: settings.qos,
        mqttGroup: settings.mqttGroup ?? (workers > 1 ? DEFAULT_GROUP : undefined),
        study: studyOf(settings, models),
        tfsAnswers: settings.tfsAnswers,
        serving: servingOf(settings),
      },
      onEvent: (event) => console.error(describeEvent(event)),
      onNote: note,
      onLog: log.write,
    });
    if (settings.metricsPort !== undefined) {
      metrics = await serveMetrics(pool, { host, port: settings.metricsPort });
    }
    const ready = await untilReady(pool, interrupt);
    if (ready === undefined) return 0;
    for (const endpoint of ready.endpoints) log.tell(endpoint);
    if (metrics !== undefined) console.error(`metrics: ${metrics.endpoint}`);
    for (const note of [...ready.notes, ...ready.deviceNotes]) console.error(note);
    const many = workers === 1 ? "" : ` with ${workers} workers`;
    console.error(`serving ${models.join(", ")} on ${ready.executionProvider}${many}; Ctrl-C ends`);
    const failure = await untilOver(pool, broker, interrupt.signal);
    const left = await pool.drain();
    if (left > 0) {
      console.error(`${left} requests had no answer after ${settings.drainTimeout / 1_000} s and failed`);
    }
    if (failure !== undefined) throw failure;
    return 0;
  } finally {
    await metrics?.close();
    await pool?.end();
    await broker?.end();
    await log.close();
  }
}

/** `undefined` when the user ended it before. */
async function untilReady(
  pool: ServingPool,
  { signal }: Interrupt,
): Promise<Awaited<ReturnType<ServingPool["start"]>> | undefined> {
  const starting = pool.start();
  const ready = await Promise.race([starting, untilAborted(signal)]);
  // Nobody waits for it any more.
  if (ready === undefined) starting.catch(() => {});
  return ready;
}

/** Waits for the user's signal; gives what else ended it. */
async function untilOver(
  pool: ServingPool,
  broker: Child<BrokerCommands> | undefined,
  signal: AbortSignal,
): Promise<BenchError | undefined> {
  const ends: Promise<BenchError | undefined>[] = [untilAborted(signal), pool.gaveUp];
  if (broker !== undefined) {
    const toError = async (): Promise<BenchError> =>
      new BenchError("ERR_PROCESS", describeExit(broker.role, await broker.exited));
    ends.push(toError());
  }
  return Promise.race(ends);
}

function untilAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

/** Lines for the user; one that several processes tell, or tell again, is said once. */
function sayOnce(): (line: string) => void {
  const said = new Set<string>();
  return (line) => {
    if (!said.has(line)) console.error(line);
    said.add(line);
  };
}

/** One for each transport, its port looked for already. */
async function listenersOf(settings: ServeSettings): Promise<ListenerSpec[]> {
  const { transport, host } = settings;
  const wanted = {
    http: settings.httpPort,
    grpc: settings.grpcPort,
    "tfs-http": settings.tfsHttpPort,
    "tfs-grpc": settings.tfsGrpcPort,
    mqtt: undefined,
  };
  const ports = transport.flatMap((name) => wanted[name] ?? []);
  const claimed = [...(await claimPorts(host, ports))];
  return transport.map((name) => ({
    transport: name,
    host,
    port: wanted[name] === undefined ? 0 : (claimed.shift() ?? 0),
  }));
}

function coreOf(settings: ServeSettings, models: readonly string[]): ServerStart["core"] {
  const { device, workers, instances, threads, maxQueue } = settings;
  const repository = repositoryOf(settings);
  // Each model divides them among its instances, of which its configuration may want several.
  const cores = Math.max(1, Math.floor(availableParallelism() / workers));
  return { models, repository, device, instances, threads, cores, maxQueue };
}

function servingOf(settings: ServeSettings): ServingSpec {
  const { modelControl, accessLog, drainTimeout, requestTimeout, maxConnections } = settings;
  return {
    worker: 0,
    modelControl,
    logsRequests: accessLog !== undefined,
    drainTimeoutMs: drainTimeout,
    limits: {
      maxConnections,
      requestTimeoutMs: requestTimeout === 0 ? undefined : requestTimeout,
      closeTimeoutMs: CLOSE_TIMEOUT_MS,
    },
  };
}

function studyOf(
  { studyTopics, studyAnswer, palette }: ServeSettings,
  [first]: readonly string[],
): StudySpec | undefined {
  if (studyTopics !== true || first === undefined) return undefined;
  return { model: first, format: studyAnswer, palette };
}

function describeEvent(event: PoolEvent): string {
  const who = `worker ${event.worker}`;
  switch (event.kind) {
    case "ended":
      return `${who} (pid ${event.pid ?? "?"}) ${event.how}; its requests in flight have failed; another starts in ${event.delayMs / 1_000} s`;
    case "not-started":
      return `${who} did not start: ${event.why}; another try in ${event.delayMs / 1_000} s`;
    case "replaced":
      return `${who} (pid ${event.pid ?? "?"}) serves in its place`;
  }
}
