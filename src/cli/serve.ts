import { Command, Option } from "commander";
import { z } from "zod";
import { validate } from "../config/validate.ts";
import { BenchError, ConfigError } from "../core/errors.ts";
import { DEFAULT_MAX_PAYLOAD_BYTES, type Qos, TUNINGS } from "../core/transport.ts";
import { Child, describeExit } from "../scenarios/child.ts";
import type { BrokerCommands, ServerCommands } from "../scenarios/processes/commands.ts";
import { builtinModel } from "../serving/builtin.ts";
import { openModel } from "../serving/repository.ts";
import { listenForInterrupt } from "./interrupt.ts";

const count = (most: number) =>
  z
    .string()
    .regex(/^\d+$/, "expected a whole number")
    .transform(Number)
    .pipe(z.int().min(1).max(most))
    .optional();
const port = z.string().regex(/^\d+$/, "expected a port").transform(Number).pipe(z.int().min(0).max(65_535));
const list = z.string().transform((text) => text.split(",").map((part) => part.trim()));

/** The command line of `serve`. */
const SERVE_SCHEMA = z.strictObject({
  transport: list.pipe(z.array(z.enum(["http", "grpc", "mqtt"])).min(1)),
  model: list.pipe(z.array(z.string().min(1)).min(1)),
  device: z.enum(["cpu", "gpu"]),
  host: z.string().min(1),
  httpPort: port,
  grpcPort: port,
  mqttPort: port,
  broker: z
    .string()
    .regex(/^mqtt:\/\//, "expected mqtt://HOST[:PORT]")
    .optional(),
  qos: z.enum(["0", "1", "2"]).transform((text) => Number(text) as Qos),
  instances: count(256),
  threads: count(1_024),
  tuning: z.enum(TUNINGS),
  maxPayload: count(2 ** 31 - 1),
  repository: z.string().min(1),
});

type ServeSettings = z.output<typeof SERVE_SCHEMA>;

const EXAMPLES = `
The endpoints are printed when every model is warm. Ctrl-C lets requests in flight finish, then ends.

Examples:
  $ npm run serve -- --model m1-small
  $ npm run serve -- --transport http,grpc --model identity,null --http-port 8000 --grpc-port 8001
  $ npm run serve -- --transport mqtt --model m1-small --broker mqtt://10.0.0.7:1883`;

/** `serve`: the serving core behind its transports, until it is told to end. */
export function serveCommand(): Command {
  return new Command("serve")
    .description("Serve models over HTTP, gRPC and MQTT (Open Inference Protocol).")
    .addOption(new Option("--transport <list>", "http, grpc, mqtt").default("http,grpc"))
    .addOption(
      new Option("--model <list>", "models of the repository, or null, identity, delay-20ms").default(
        "m1-small",
      ),
    )
    .addOption(new Option("--device <device>", "cpu, gpu").default("cpu"))
    .addOption(new Option("--host <address>", "address to listen on").default("127.0.0.1"))
    .addOption(new Option("--http-port <port>", "0: any").default("8000"))
    .addOption(new Option("--grpc-port <port>", "0: any").default("8001"))
    .addOption(new Option("--mqtt-port <port>", "of the embedded broker; 0: any").default("1883"))
    .addOption(new Option("--broker <url>", "an MQTT broker instead of the embedded one"))
    .addOption(new Option("--qos <level>", "MQTT: 0, 1, 2").default("0"))
    .addOption(new Option("--instances <n>", "workers of each model (default 1)"))
    .addOption(new Option("--threads <n>", "threads of each worker (default: cores / instances)"))
    .addOption(new Option("--tuning <tuning>", "defaults, tuned").default("tuned"))
    .addOption(new Option("--max-payload <bytes>", "payload limit (default 268435455)"))
    .addOption(new Option("--repository <dir>", "the model repository").default("models"))
    .addHelpText("after", EXAMPLES)
    .action(async (options: unknown) => {
      const parsed = validate(SERVE_SCHEMA, options, ([key]) => `--${kebab(String(key))}`);
      if (parsed.problems !== undefined) throw new ConfigError(parsed.problems);
      process.exitCode = await serve(parsed.value);
    });
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

async function serve(settings: ServeSettings): Promise<number> {
  const interrupt = listenForInterrupt();
  const { tuning, repository, host, maxPayload: maxPayloadBytes = DEFAULT_MAX_PAYLOAD_BYTES } = settings;
  for (const name of settings.model) {
    if (builtinModel(name) !== undefined) continue;
    await openModel(repository, name, { onProgress: (line) => console.error(line) });
  }
  const children: Child<never>[] = [];
  try {
    let brokerUrl = settings.broker;
    if (settings.transport.includes("mqtt") && brokerUrl === undefined) {
      const broker = new Child<BrokerCommands>({ role: "broker", tuning });
      children.push(broker);
      brokerUrl = await broker.ask("start", { host, port: settings.mqttPort, maxPayloadBytes, tuning });
    }
    const server = new Child<ServerCommands>({ role: "server", tuning });
    children.push(server);
    const ports = { http: settings.httpPort, grpc: settings.grpcPort, mqtt: 0 };
    const ready = await server.ask("start", {
      listeners: settings.transport.map((transport) => ({
        transport,
        host,
        port: ports[transport],
        brokerUrl,
      })),
      core: {
        models: settings.model,
        repository,
        device: settings.device,
        instances: settings.instances ?? 1,
        threads: settings.threads,
      },
      tuning,
      maxPayloadBytes,
      qos: settings.qos,
    });
    for (const endpoint of ready.endpoints) console.log(endpoint);
    for (const note of [...ready.notes, ...ready.deviceNotes]) console.error(note);
    console.error(`serving ${settings.model.join(", ")} on ${ready.executionProvider}; Ctrl-C ends`);
    await untilOver(children, interrupt.signal);
    return 0;
  } finally {
    for (const child of children.toReversed()) await child.end();
  }
}

/** Waits for the user's signal. @throws {BenchError} ERR_PROCESS when a process ends by itself before. */
async function untilOver(children: readonly Child<never>[], signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const told = new Promise<undefined>((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  const ended = children.map(async (child) => describeExit(child.role, await child.exited));
  const reason = await Promise.race([told, ...ended]);
  if (reason !== undefined) throw new BenchError("ERR_PROCESS", reason);
}
