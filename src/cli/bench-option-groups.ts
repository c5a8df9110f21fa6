import type { BenchSettings } from "../config/bench-schema.ts";

/** How an option's text is read before it is validated. */
export type OptionForm = "list" | "numbers" | "number" | "text" | "repeated" | "flag";

export interface OptionRow {
  /** What it sets in the configuration. */
  readonly key: keyof BenchSettings;
  readonly flags: string;
  readonly form: OptionForm;
  readonly help: string;
}

/** Options that stand together in the help. */
export interface OptionGroup {
  readonly heading: string;
  readonly rows: readonly OptionRow[];
}

/** Every option that describes cells or load, with the key that it sets in the configuration. */
export const OPTION_GROUPS: readonly OptionGroup[] = [
  {
    heading: "What travels:",
    rows: [
      {
        key: "transport",
        flags: "--transport <list>",
        form: "list",
        help: "local, http, grpc, grpc-stream (one stream a connection), mqtt, tfs-http, tfs-grpc, kserve-v1",
      },
      {
        key: "encoding",
        flags: "--encoding <list>",
        form: "list",
        help: "json (http only), binary, jpeg, png, bayer",
      },
      {
        key: "placement",
        flags: "--placement <list>",
        form: "list",
        help: "where pre- and post-processing run: server, client",
      },
      {
        key: "relay",
        flags: "--relay",
        form: "flag",
        help: "add http-relay: http through one relay process, the control for MQTT's broker",
      },
      {
        key: "httpVersion",
        flags: "--http-version <list>",
        form: "list",
        help: "http: 1.1 (default), 2 (without TLS, prior knowledge)",
      },
      { key: "tuning", flags: "--tuning <list>", form: "list", help: "defaults, tuned (default)" },
      { key: "qos", flags: "--qos <level>", form: "number", help: "MQTT: 0 (default), 1, 2" },
      {
        key: "maxPayload",
        flags: "--max-payload <bytes>",
        form: "number",
        help: "payload limit of every transport (default 268435455)",
      },
    ],
  },
  {
    heading: "Frames:",
    rows: [
      {
        key: "input",
        flags: "--input <list>",
        form: "list",
        help: "ROS bags, images, folders of images, or synthetic",
      },
      {
        key: "topic",
        flags: "--topic <name>",
        form: "text",
        help: "image topic of a bag (default: its first)",
      },
      { key: "start", flags: "--start <duration>", form: "text", help: "skip this much of a bag" },
      { key: "length", flags: "--length <duration>", form: "text", help: "use only this much of a bag" },
      {
        key: "size",
        flags: "--size <WxH>",
        form: "text",
        help: "resize frames; for models that take bytes (null, identity) a number: synthetic bytes",
      },
    ],
  },
  {
    heading: "Model and server:",
    rows: [
      {
        key: "model",
        flags: "--model <list>",
        form: "list",
        help: "models of the repository (npm run models), or null, identity, delay-20ms",
      },
      { key: "device", flags: "--device <list>", form: "list", help: "cpu, gpu" },
      {
        key: "recipe",
        flags: "--recipe <recipe>",
        form: "text",
        help: "how a frame becomes the model's input: raw, a file, JSON, or a model's name (default: the model's own)",
      },
      {
        key: "instances",
        flags: "--instances <n>",
        form: "number",
        help: "workers of the serving core (default 1)",
      },
      {
        key: "threads",
        flags: "--threads <n>",
        form: "number",
        help: "threads of each worker's session (default: cores / instances)",
      },
      {
        key: "repository",
        flags: "--repository <dir>",
        form: "text",
        help: "the model repository (default models)",
      },
      {
        key: "url",
        flags: "--url <url>",
        form: "text",
        help: "a server elsewhere: http://…, grpc://…, grpc+stream://…, mqtt://…, tfs+http://…, tfs+grpc://… or kserve-v1+http://… picks the transport",
      },
      {
        key: "shape",
        flags: "--shape <input:sizes>",
        form: "repeated",
        help: "with --url: sizes of seeded tensors, input:1,3,224,224 (several inputs: several times)",
      },
      {
        key: "reference",
        flags: "--reference <file.onnx>",
        form: "text",
        help: "with --url: the server's model, run here to check its answers",
      },
      {
        key: "broker",
        flags: "--broker <url>",
        form: "text",
        help: "an MQTT broker instead of the embedded one",
      },
    ],
  },
  {
    heading: "Load:",
    rows: [
      {
        key: "scenario",
        flags: "--scenario <list>",
        form: "list",
        help: "closed-loop (default), open-loop, and MLPerf's single-stream, multi-stream, server, offline",
      },
      {
        key: "concurrency",
        flags: "--concurrency <list>",
        form: "numbers",
        help: "closed-loop: requests outstanding (default 1); offline has two for each connection",
      },
      {
        key: "samplesPerQuery",
        flags: "--samples-per-query <n>",
        form: "number",
        help: "multi-stream: samples sent at once (default 8)",
      },
      {
        key: "latencyBound",
        flags: "--latency-bound <duration>",
        form: "text",
        help: "server: says whether p99 of the response time stays below it",
      },
      {
        key: "connections",
        flags: "--connections <n>",
        form: "number",
        help: "a number, per-vehicle or shared (default: the concurrency; by schedule per vehicle, else 16)",
      },
      {
        key: "generators",
        flags: "--generators <n>",
        form: "number",
        help: "processes that share the load (default 1)",
      },
      {
        key: "timeout",
        flags: "--timeout <duration>",
        form: "text",
        help: "give a request up after this time (default 30s)",
      },
      {
        key: "deadline",
        flags: "--deadline <duration>",
        form: "text",
        help: "goodput counts answers within it",
      },
    ],
  },
  {
    heading: "Schedule (open-loop and server):",
    rows: [
      {
        key: "rate",
        flags: "--rate <list>",
        form: "numbers",
        help: "arrivals per second: 20 or 1,5,10..50:5 (each a cell); of ramp and steps 5..50",
      },
      {
        key: "arrivals",
        flags: "--arrivals <kind>",
        form: "text",
        help: "constant (default), poisson, uniform, burst, steps, ramp, recording, file",
      },
      { key: "burst", flags: "--burst <n>", form: "number", help: "burst: arrivals at once (default 8)" },
      { key: "steps", flags: "--steps <n>", form: "number", help: "steps: levels of the rate (default 5)" },
      {
        key: "schedule",
        flags: "--schedule <file>",
        form: "text",
        help: "file: one timestamp a line, seconds; the first is the start",
      },
      {
        key: "speed",
        flags: "--speed <factor>",
        form: "number",
        help: "recording, file: play the times so much faster (default 1)",
      },
      {
        key: "whenBusy",
        flags: "--when-busy <list>",
        form: "list",
        help: "at the limit: drop-new (default), queue, newest-wins",
      },
      {
        key: "maxInFlight",
        flags: "--max-in-flight <n>",
        form: "number",
        help: "requests out at most, of each vehicle (default 256)",
      },
      {
        key: "vehicles",
        flags: "--vehicles <list>",
        form: "numbers",
        help: "each with its own schedule, frames and connection; the rate is of each",
      },
    ],
  },
  {
    heading: "Runs:",
    rows: [
      { key: "duration", flags: "--duration <duration>", form: "text", help: "length of a run" },
      {
        key: "requests",
        flags: "--requests <n>",
        form: "number",
        help: "length of a run in requests; with --duration both are met",
      },
      {
        key: "warmup",
        flags: "--warmup <rule>",
        form: "text",
        help: "auto (default; rehearses first), 0, or a duration",
      },
      {
        key: "repetitions",
        flags: "--repetitions <n>",
        form: "number",
        help: "runs of each cell, in new processes (default 4; compare needs more)",
      },
      {
        key: "wireBytes",
        flags: "--wire-bytes <kind>",
        form: "text",
        help: "frames (default: a short run more for each cell, in network namespaces) or payload (of TCP)",
      },
      {
        key: "maxRecorded",
        flags: "--max-recorded <n>",
        form: "number",
        help: "requests of a run kept one by one; those beyond are counted (default 2000000)",
      },
      {
        key: "seed",
        flags: "--seed <n>",
        form: "number",
        help: "of schedules and of the order of runs (default: a new one, printed)",
      },
      {
        key: "quick",
        flags: "--quick",
        form: "flag",
        help: "one short repetition: shows that it works, measures nothing (SMOKE)",
      },
    ],
  },
  {
    heading: "Results:",
    rows: [
      { key: "name", flags: "--name <text>", form: "text", help: "goes into the name of the results folder" },
      {
        key: "out",
        flags: "--out <dir>",
        form: "text",
        help: "the run's folder is made inside it (default results)",
      },
    ],
  },
];
