import { type Command, Option } from "commander";
import { z } from "zod";
import { parseDurationMs } from "../config/duration.ts";
import { validate } from "../config/validate.ts";
import { ConfigError, type ConfigProblem } from "../core/errors.ts";
import { TENSOR_FORMS } from "../core/tfs/envelope.ts";
import { type Qos, TUNINGS } from "../core/transport.ts";
import { MODEL_CONTROLS } from "../scenarios/serving/serving-gate.ts";

const whole = (most: number) =>
  z.string().regex(/^\d+$/, "expected a whole number").transform(Number).pipe(z.int().min(1).max(most));
const count = (most: number) => whole(most).optional();
const port = z.string().regex(/^\d+$/, "expected a port").transform(Number).pipe(z.int().min(0).max(65_535));
const list = z.string().transform((text) => text.split(",").map((part) => part.trim()));
/** Milliseconds; a timer takes 2^31 - 1 at most. */
const duration = z
  .string()
  .refine(
    (text) => (parseDurationMs(text) ?? Number.POSITIVE_INFINITY) < 2 ** 31,
    "expected a time such as 30s",
  )
  .transform((text) => parseDurationMs(text) ?? 0);

/** The command line of `serve`, by the options' names. */
const SERVE_SCHEMA = z.strictObject({
  transport: list.pipe(z.array(z.enum(["http", "grpc", "mqtt", "tfs-http", "tfs-grpc"])).min(1)),
  model: list.pipe(z.array(z.string().min(1)).min(1)).optional(),
  modelRepository: z.string().min(1).optional(),
  repository: z.string().min(1).optional(),
  modelControl: z.enum(MODEL_CONTROLS),
  device: z.enum(["cpu", "gpu"]),
  host: z.string().min(1),
  httpPort: port,
  grpcPort: port,
  tfsHttpPort: port,
  tfsGrpcPort: port,
  tfsAnswers: z.enum(TENSOR_FORMS),
  mqttPort: port,
  metricsPort: port.optional(),
  broker: z
    .string()
    .regex(/^mqtt:\/\//, "expected mqtt://HOST[:PORT]")
    .optional(),
  qos: z.enum(["0", "1", "2"]).transform((text) => Number(text) as Qos),
  mqttGroup: z
    .string()
    .regex(/^[^+#/]+$/, "expected a name without +, # and /")
    .optional(),
  studyTopics: z.boolean().optional(),
  studyAnswer: z.enum(["jpeg", "png"]),
  palette: z.string().min(1).optional(),
  workers: whole(1_024),
  instances: count(256),
  threads: count(1_024),
  tuning: z.enum(TUNINGS),
  maxPayload: count(2 ** 31 - 1),
  maxQueue: count(1_000_000),
  maxConnections: count(1_000_000),
  requestTimeout: duration,
  drainTimeout: duration,
  accessLog: z.string().min(1).optional(),
});

/** What the user asked `serve` for; times in milliseconds, sizes in bytes. */
export type ServeSettings = z.output<typeof SERVE_SCHEMA>;

/** Adds every option of `serve`, in the groups of its help. */
export function addServeOptions(command: Command): Command {
  return command
    .optionsGroup("What is served:")
    .addOption(
      new Option(
        "--model <list>",
        "models of the repository, or null, identity, delay-20ms (default: all of a repository that is named, else m1-small)",
      ),
    )
    .addOption(
      new Option("--model-repository <dir>", "the model repository, in Triton's layout (default: models)"),
    )
    .addOption(new Option("--repository <dir>", "the same"))
    .addOption(
      new Option(
        "--model-control <control>",
        "whether clients may load and unload models: explicit, none",
      ).default("explicit"),
    )
    .addOption(new Option("--device <device>", "cpu, gpu").default("cpu"))
    .addOption(
      new Option(
        "--instances <n>",
        "threads that run each model, in each worker (default: as its instance_group says, else 1)",
      ),
    )
    .addOption(new Option("--threads <n>", "threads of each instance (default: cores / workers / instances)"))
    .optionsGroup("Where:")
    .addOption(new Option("--transport <list>", "http, grpc, mqtt, tfs-http, tfs-grpc").default("http,grpc"))
    .addOption(new Option("--host <address>", "address to listen on").default("127.0.0.1"))
    .addOption(new Option("--http-port <port>", "0: any").default("8000"))
    .addOption(new Option("--grpc-port <port>", "0: any").default("8001"))
    .addOption(
      new Option(
        "--metrics-port <port>",
        "GET /metrics for Prometheus on a port of its own, as Triton has it on 8002 (default: on the HTTP port only)",
      ),
    )
    .optionsGroup("TensorFlow Serving's interfaces (REST is KServe's V1, too):")
    .addOption(new Option("--tfs-http-port <port>", "0: any").default("8501"))
    .addOption(new Option("--tfs-grpc-port <port>", "0: any").default("8500"))
    .addOption(
      new Option(
        "--tfs-answers <form>",
        "of outputs over gRPC: typed (float_val, as TensorFlow Serving), tensor_content",
      ).default("typed"),
    )
    .optionsGroup("MQTT:")
    .addOption(new Option("--mqtt-port <port>", "of the embedded broker; 0: any").default("1883"))
    .addOption(new Option("--broker <url>", "an MQTT broker instead of the embedded one"))
    .addOption(new Option("--qos <level>", "0, 1, 2").default("0"))
    .addOption(
      new Option(
        "--mqtt-group <name>",
        "servers of one group take turns; needs a broker with $share/… (default with several workers: wirebench)",
      ),
    )
    .addOption(
      new Option(
        "--study-topics",
        "a JPEG on /vehicle_camera is answered by the first model's mask, painted, on /segmented_images",
      ),
    )
    .addOption(new Option("--study-answer <format>", "the painted mask's: jpeg, png").default("jpeg"))
    .addOption(new Option("--palette <name|file>", "its colours: cityscapes, aiedge, or an XML palette"))
    .optionsGroup("Processes and limits:")
    .addOption(
      new Option("--workers <n>", "processes that share the ports; one that dies is replaced").default("1"),
    )
    .addOption(
      new Option("--drain-timeout <time>", "how long requests in flight may take at the end").default("30s"),
    )
    .addOption(new Option("--max-payload <bytes>", "largest request and answer (default 268435455)"))
    .addOption(
      new Option("--max-queue <n>", "requests that may wait for each model in each worker (default 256)"),
    )
    .addOption(new Option("--max-connections <n>", "of each port and worker (default: no limit)"))
    .addOption(
      new Option(
        "--request-timeout <time>",
        "how long a client may take to send a request; 0: any time",
      ).default("60s"),
    )
    .addOption(
      new Option("--access-log <file>", "each request as a line of JSON, appended; -: to standard output"),
    )
    .addOption(new Option("--tuning <tuning>", "defaults, tuned").default("tuned"));
}

/** Reads the options of {@link addServeOptions}. @throws {ConfigError} every problem at once */
export function readServeOptions(options: unknown): ServeSettings {
  const parsed = validate(SERVE_SCHEMA, options, ([key]) => `--${kebab(String(key))}`);
  if (parsed.problems !== undefined) throw new ConfigError(parsed.problems);
  const problems = contradictions(parsed.value);
  if (problems.length > 0) throw new ConfigError(problems);
  return parsed.value;
}

/** What cannot be meant together. */
function contradictions(settings: ServeSettings): readonly ConfigProblem[] {
  const { transport, broker, mqttGroup, studyTopics, workers, modelRepository, repository } = settings;
  const problems: ConfigProblem[] = [];
  const isMqtt = transport.includes("mqtt");
  const needsBroker =
    "the embedded broker has no shared subscriptions: name another with --broker mqtt://HOST";
  if (mqttGroup !== undefined && !isMqtt) {
    problems.push({ path: "--mqtt-group", message: "is for --transport mqtt" });
  } else if (mqttGroup !== undefined && broker === undefined) {
    problems.push({ path: "--mqtt-group", message: needsBroker });
  } else if (workers > 1 && isMqtt && broker === undefined) {
    problems.push({ path: "--workers", message: `of mqtt take turns, and ${needsBroker}` });
  }
  const strays = [
    { path: "--broker", isGiven: broker !== undefined, belongs: isMqtt, to: "--transport mqtt" },
    // Of options that have a default only another value says something.
    { path: "--qos", isGiven: settings.qos !== 0, belongs: isMqtt, to: "--transport mqtt" },
    { path: "--study-topics", isGiven: studyTopics === true, belongs: isMqtt, to: "--transport mqtt" },
    {
      path: "--study-answer",
      isGiven: settings.studyAnswer !== "jpeg",
      belongs: studyTopics === true,
      to: "--study-topics",
    },
    {
      path: "--palette",
      isGiven: settings.palette !== undefined,
      belongs: studyTopics === true,
      to: "--study-topics",
    },
  ];
  for (const { path, isGiven, belongs, to } of strays) {
    if (isGiven && !belongs) problems.push({ path, message: `is for ${to}` });
  }
  if (modelRepository !== undefined && repository !== undefined && modelRepository !== repository) {
    problems.push({ path: "--repository", message: "is the same as --model-repository: give one of them" });
  }
  const ports = [
    ...(transport.includes("http") ? [settings.httpPort] : []),
    ...(transport.includes("grpc") ? [settings.grpcPort] : []),
    ...(transport.includes("tfs-http") ? [settings.tfsHttpPort] : []),
    ...(transport.includes("tfs-grpc") ? [settings.tfsGrpcPort] : []),
    ...(isMqtt && broker === undefined ? [settings.mqttPort] : []),
    ...(settings.metricsPort === undefined ? [] : [settings.metricsPort]),
  ].filter((each) => each > 0);
  const twice = ports.find((each, i) => ports.indexOf(each) !== i);
  if (twice !== undefined) {
    problems.push({
      path: "--http-port, --grpc-port, --tfs-http-port, --tfs-grpc-port, --mqtt-port, --metrics-port",
      message: `${twice} is given twice`,
    });
  }
  return problems;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
