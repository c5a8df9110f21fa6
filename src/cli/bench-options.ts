import { type Command, Option } from "commander";
import type { BenchSettings } from "../config/bench-schema.ts";
import { benchSchema } from "../config/bench-schema.ts";
import { validate } from "../config/validate.ts";
import type { ConfigProblem } from "../core/errors.ts";

type Form = "list" | "numbers" | "number" | "text" | "flag";

interface OptionRow {
  readonly key: keyof BenchSettings;
  readonly flags: string;
  readonly form: Form;
  readonly help: string;
}

/** Every option that describes cells or load, with the key that it sets in the configuration. */
const ROWS: readonly OptionRow[] = [
  { key: "transport", flags: "--transport <list>", form: "list", help: "local, http, grpc, mqtt" },
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
    key: "model",
    flags: "--model <list>",
    form: "list",
    help: "models of the repository (npm run models), or null, identity, delay-20ms",
  },
  { key: "device", flags: "--device <list>", form: "list", help: "cpu, gpu" },
  {
    key: "input",
    flags: "--input <list>",
    form: "list",
    help: "ROS bags, images, folders of images, or synthetic",
  },
  { key: "topic", flags: "--topic <name>", form: "text", help: "image topic of a bag (default: its first)" },
  { key: "start", flags: "--start <duration>", form: "text", help: "skip this much of a bag" },
  { key: "length", flags: "--length <duration>", form: "text", help: "use only this much of a bag" },
  {
    key: "size",
    flags: "--size <WxH>",
    form: "text",
    help: "resize frames; for synthetic bytes their number",
  },
  {
    key: "recipe",
    flags: "--recipe <raw|file>",
    form: "text",
    help: "how a frame becomes the model's input, instead of the model's own recipe",
  },
  { key: "scenario", flags: "--scenario <list>", form: "list", help: "closed-loop (default), open-loop" },
  {
    key: "concurrency",
    flags: "--concurrency <list>",
    form: "numbers",
    help: "requests outstanding, closed loop (default 1)",
  },
  { key: "rate", flags: "--rate <list>", form: "numbers", help: "arrivals per second, open loop" },
  { key: "arrivals", flags: "--arrivals <kind>", form: "text", help: "constant (default), poisson" },
  {
    key: "maxInFlight",
    flags: "--max-in-flight <n>",
    form: "number",
    help: "open loop: arrivals beyond it are dropped (default 256)",
  },
  {
    key: "timeout",
    flags: "--timeout <duration>",
    form: "text",
    help: "give a request up after this time (default 30s)",
  },
  { key: "deadline", flags: "--deadline <duration>", form: "text", help: "goodput counts answers within it" },
  { key: "duration", flags: "--duration <duration>", form: "text", help: "length of a run" },
  {
    key: "requests",
    flags: "--requests <n>",
    form: "number",
    help: "length of a run in requests; with --duration both are met",
  },
  { key: "warmup", flags: "--warmup <rule>", form: "text", help: "auto (default), 0, or a duration" },
  {
    key: "repetitions",
    flags: "--repetitions <n>",
    form: "number",
    help: "runs of each cell, in new processes (default 4; compare needs more)",
  },
  {
    key: "connections",
    flags: "--connections <n>",
    form: "number",
    help: "TCP connections (default: the concurrency; open loop 16)",
  },
  { key: "tuning", flags: "--tuning <list>", form: "list", help: "defaults, tuned (default)" },
  { key: "qos", flags: "--qos <level>", form: "number", help: "MQTT: 0 (default), 1, 2" },
  {
    key: "seed",
    flags: "--seed <n>",
    form: "number",
    help: "of schedules and of the order of runs (default: a new one, printed)",
  },
  {
    key: "url",
    flags: "--url <url>",
    form: "text",
    help: "a server elsewhere: http://…, grpc://… or mqtt://… picks the transport",
  },
  {
    key: "broker",
    flags: "--broker <url>",
    form: "text",
    help: "an MQTT broker instead of the embedded one",
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
    key: "maxPayload",
    flags: "--max-payload <bytes>",
    form: "number",
    help: "payload limit of every transport (default 268435455)",
  },
  {
    key: "repository",
    flags: "--repository <dir>",
    form: "text",
    help: "the model repository (default models)",
  },
  { key: "name", flags: "--name <text>", form: "text", help: "goes into the name of the results folder" },
  {
    key: "out",
    flags: "--out <dir>",
    form: "text",
    help: "the run's folder is made inside it (default results)",
  },
  {
    key: "quick",
    flags: "--quick",
    form: "flag",
    help: "one short repetition: shows that it works, measures nothing (SMOKE)",
  },
];

/** Adds the options that describe cells and load; commands that measure share them. */
export function addBenchOptions(command: Command): Command {
  for (const { flags, help } of ROWS) command.addOption(new Option(flags, help));
  return command;
}

/** The options as given, validated under their flags' names. */
export function parseBenchOptions(given: Readonly<Record<string, unknown>>): {
  readonly settings: BenchSettings;
  readonly problems: readonly ConfigProblem[];
} {
  const raw: Record<string, unknown> = {};
  for (const { key, form } of ROWS) {
    const value = given[key];
    if (value !== undefined) raw[key] = form === "flag" ? value : rawValue(String(value), form);
  }
  const flagOf = (path: readonly PropertyKey[]): string =>
    ROWS.find(({ key }) => key === path[0])?.flags.split(" ")[0] ?? `--${String(path[0])}`;
  const result = validate(benchSchema, raw, flagOf);
  return result.problems === undefined
    ? { settings: result.value, problems: [] }
    : { settings: {}, problems: result.problems };
}

function rawValue(text: string, form: Exclude<Form, "flag">): unknown {
  const number = (part: string): unknown =>
    /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(part) ? Number(part) : part;
  const parts = text.split(",").map((part) => part.trim());
  switch (form) {
    case "list":
      return parts;
    case "numbers":
      return parts.map(number);
    case "number":
      return number(text.trim());
    case "text":
      return text;
  }
}
