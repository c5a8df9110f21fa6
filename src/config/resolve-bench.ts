import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Arrivals } from "../core/cell.ts";
import { ConfigError, type ConfigProblem } from "../core/errors.ts";
import { DEFAULT_MAX_PAYLOAD_BYTES, type TransportName } from "../core/transport.ts";
import type { BenchSpec, DimensionName, Dimensions } from "../scenarios/bench-spec.ts";
import type { BenchSettings } from "./bench-schema.ts";
import { type AlsoCells, loadProblems } from "./load-problems.ts";
import { transportProblems } from "./transport-problems.ts";
import { withRelay } from "./with-relay.ts";

const DIMENSIONS = [
  "transport",
  "encoding",
  "placement",
  "model",
  "device",
  "input",
  "scenario",
  "concurrency",
  "rate",
  "whenBusy",
  "vehicles",
  "tuning",
  "httpVersion",
] as const satisfies readonly DimensionName[];

const DEFAULTS: Dimensions = {
  transport: ["local", "http", "grpc", "mqtt"],
  encoding: ["binary"],
  placement: ["server"],
  model: ["m1-small"],
  device: ["cpu"],
  input: ["synthetic"],
  scenario: ["closed-loop"],
  concurrency: [1],
  rate: [],
  whenBusy: ["drop-new"],
  vehicles: [],
  tuning: ["tuned"],
  httpVersion: ["1.1"],
};

/** `--quick`: one repetition, short; what the command line names still wins. */
const QUICK = { repetitions: 1, duration: 1_500, warmup: { kind: "fixed", durationMs: 400 } } as const;

const SCHEMES: Readonly<Record<string, TransportName>> = {
  "http:": "http",
  "grpc:": "grpc",
  "grpc+stream:": "grpc-stream",
  "mqtt:": "mqtt",
  "tfs+http:": "tfs-http",
  "tfs+grpc:": "tfs-grpc",
  "kserve-v1+http:": "kserve-v1",
};

interface Sources {
  readonly file: BenchSettings;
  /** Relative paths of the file start here. */
  readonly fileFolder: string;
  readonly line: BenchSettings;
}

/**
 * Puts the configuration file, the command line and the defaults together: an option replaces the file's list.
 * @throws {ConfigError} for combinations that cannot be meant, all at once.
 */
export function resolveBench({ file, fileFolder, line }: Sources): BenchSpec {
  const quick = line.quick ?? file.quick ?? false;
  const settings: BenchSettings = { ...file, ...(quick ? QUICK : {}), ...definedOf(line) };
  const problems: ConfigProblem[] = [];
  const stop = stopOf(file, line, quick);
  const transport = withRelay(transportOf(line, file, problems), settings, problems);
  const fromFile = (path: string): string => (path === "synthetic" ? path : resolve(fileFolder, path));

  const dimensions: Dimensions = {
    transport,
    encoding: settings.encoding ?? DEFAULTS.encoding,
    placement: settings.placement ?? DEFAULTS.placement,
    model: settings.model ?? DEFAULTS.model,
    device: settings.device ?? DEFAULTS.device,
    input: line.input ?? file.input?.map(fromFile) ?? DEFAULTS.input,
    scenario: settings.scenario ?? DEFAULTS.scenario,
    concurrency: settings.concurrency ?? DEFAULTS.concurrency,
    rate: settings.rate ?? DEFAULTS.rate,
    whenBusy: settings.whenBusy ?? DEFAULTS.whenBusy,
    vehicles: settings.vehicles ?? DEFAULTS.vehicles,
    tuning: settings.tuning ?? DEFAULTS.tuning,
    httpVersion: settings.httpVersion ?? DEFAULTS.httpVersion,
  };
  const asked = DIMENSIONS.filter((name) => line[name] !== undefined);
  const arrivals = line.arrivals ?? (line.schedule === undefined ? arrivalsOf(settings) : "file");
  const also = alsoOf(file, asked, settings.url);
  problems.push(
    ...loadProblems({ line, settings, scenarios: dimensions.scenario, arrivals, also }),
    ...transportProblems({
      line,
      settings,
      transports: [...transport, ...also.flatMap(({ cells }) => cells.transport ?? [])],
      scenarios: [...dimensions.scenario, ...also.flatMap(({ cells }) => cells.scenario ?? [])],
    }),
  );
  if (problems.length > 0) throw new ConfigError(problems);

  return {
    name: settings.name ?? (quick ? "quick" : "bench"),
    dimensions,
    also: also.map(({ cells }) => blockOf(cells, fromFile, settings)),
    asked,
    arrivals,
    burst: settings.burst ?? 8,
    steps: settings.steps ?? 5,
    schedule: line.schedule ?? (file.schedule === undefined ? undefined : resolve(fileFolder, file.schedule)),
    speed: settings.speed ?? 1,
    wholeRecording: !quick && !hasLength(line) && !(hasLength(file) && isRecorded(file)),
    samplesPerQuery: settings.samplesPerQuery ?? 8,
    latencyBoundMs: settings.latencyBound,
    maxInFlight: settings.maxInFlight ?? 256,
    timeoutMs: settings.timeout ?? 30_000,
    deadlineMs: settings.deadline,
    ...stop,
    warmup: settings.warmup ?? { kind: "auto" },
    repetitions: settings.repetitions ?? 4,
    connections: settings.connections,
    generators: settings.generators ?? 1,
    maxRecorded: settings.maxRecorded,
    qos: settings.qos ?? 0,
    seed: settings.seed ?? randomInt(2 ** 32),
    url: settings.url,
    broker: settings.broker,
    topic: settings.topic,
    size: settings.size,
    recipe: recipeOf(line.recipe, file.recipe, fileFolder),
    shape: settings.shape,
    reference:
      line.reference === undefined
        ? file.reference && resolve(fileFolder, file.reference)
        : resolve(line.reference),
    startSec: settings.start === undefined ? undefined : settings.start / 1_000,
    sourceDurationSec: settings.length === undefined ? undefined : settings.length / 1_000,
    wireBytes: settings.wireBytes ?? "frames",
    maxPayloadBytes: settings.maxPayload ?? DEFAULT_MAX_PAYLOAD_BYTES,
    instances: settings.instances ?? 1,
    threads: settings.threads,
    repository: resolve(
      line.repository ?? (file.repository === undefined ? "models" : resolve(fileFolder, file.repository)),
    ),
    out: resolve(line.out ?? (file.out === undefined ? "results" : resolve(fileFolder, file.out))),
    quick,
  };
}

function hasLength({ duration, requests }: BenchSettings): boolean {
  return duration !== undefined || requests !== undefined;
}

/** Whether its arrivals have a length of their own. */
function isRecorded(settings: BenchSettings): boolean {
  return ["recording", "file"].includes(arrivalsOf(settings));
}

function arrivalsOf({ arrivals, schedule }: BenchSettings): Arrivals {
  return arrivals ?? (schedule === undefined ? "constant" : "file");
}

/** Without the keys that are there but undefined. */
function definedOf(settings: BenchSettings): BenchSettings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/** A length given on the command line replaces both of the file's. */
function stopOf(
  file: BenchSettings,
  line: BenchSettings,
  quick: boolean,
): Pick<BenchSpec, "durationMs" | "requests"> {
  if (line.duration !== undefined || line.requests !== undefined) {
    return { durationMs: line.duration, requests: line.requests };
  }
  if (quick) return { durationMs: QUICK.duration, requests: undefined };
  if (file.duration !== undefined || file.requests !== undefined) {
    return { durationMs: file.duration, requests: file.requests };
  }
  return { durationMs: 10_000, requests: undefined };
}

/** A recipe's text: files get their whole path; `raw`, JSON and a model's name stay. */
function recipeOf(
  line: BenchSettings["recipe"],
  file: BenchSettings["recipe"],
  folder: string,
): string | undefined {
  const given = line ?? file;
  if (given === undefined || typeof given === "object") return given && JSON.stringify(given);
  if (given === "raw" || given.trimStart().startsWith("{")) return given;
  const path = resolve(line === undefined ? folder : ".", given);
  const isName = !/[/\\]|\.json$/i.test(given) && !existsSync(path);
  return isName ? given : path;
}

function transportOf(
  line: BenchSettings,
  file: BenchSettings,
  problems: ConfigProblem[],
): readonly TransportName[] {
  const url = line.url ?? file.url;
  if (url === undefined) return line.transport ?? file.transport ?? DEFAULTS.transport;
  const scheme = SCHEMES[new URL(url).protocol];
  if (scheme === undefined) return DEFAULTS.transport;
  const other = line.transport?.find((name) => name !== scheme);
  if (other !== undefined) {
    problems.push({
      path: "--transport",
      message: `'${other}' does not fit --url ${url}, which is ${scheme}`,
    });
  }
  return [scheme];
}

/** The file's extra cells, without those whose own dimensions the command line names. */
function alsoOf(
  { also = [] }: BenchSettings,
  asked: readonly DimensionName[],
  url: string | undefined,
): readonly AlsoCells[] {
  return also
    .map((cells, index) => ({ path: `also[${index}]`, cells: definedOf(cells) }))
    .filter(
      ({ cells }) =>
        !asked.some((name) => cells[name] !== undefined) &&
        !(url !== undefined && cells.transport !== undefined),
    );
}

/** The file's paths start in its folder; the relay stands beside what it is the control of. */
function blockOf(
  cells: AlsoCells["cells"],
  fromFile: (path: string) => string,
  settings: BenchSettings,
): Partial<Dimensions> {
  const { input, transport } = cells;
  const isCompared = transport?.some((name) => name === "http" || name === "mqtt") === true;
  return {
    ...(cells as Partial<Dimensions>),
    ...(input === undefined ? {} : { input: input.map(fromFile) }),
    ...(isCompared ? { transport: withRelay(transport, settings) } : {}),
  };
}
