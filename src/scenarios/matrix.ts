import { type CellKey, cellName } from "../core/cell.ts";
import { ConfigError } from "../core/errors.ts";
import { isBayer, type Pixels } from "../core/frame.ts";
import { withoutCredentials } from "../core/without-credentials.ts";
import type { SourceSpec } from "../inputs/open-source.ts";
import type { WarmUpContent } from "../serving/worker-protocol.ts";
import { rangeOfLabel } from "./arrivals-label.ts";
import type { BenchSpec, DimensionName, Dimensions } from "./bench-spec.ts";
import type { Cell } from "./cell.ts";
import type { ForeignForm, Misfit } from "./foreign/foreign-form.ts";
import { type Combination, connectionsKey, loads, type RecordedTimes, scheduleKey } from "./load-keys.ts";

/** What the matrix must know of the world to tell possible cells from impossible ones. */
export interface MatrixFacts {
  /** Whether it takes images: built-in models and raw recipes take tensors only. */
  takesImages(model: string): boolean;
  /** Whether requests to it may be put together. */
  isBatched(model: string): boolean;
  /** Of a model's frames from an input: the `input` key, and whether the camera's mosaic is there. */
  source(model: string, input: string): SourceFacts;
  /** How frames become requests to a server that is not ours, or why they cannot; `undefined` for ours. */
  foreign?(combination: Combination): ForeignForm | Misfit | undefined;
  /** What the broker speaks. */
  readonly mqttVersion: string;
  /** The file of timestamps; absent where the schedule is none. */
  readonly scheduleFile?: RecordedTimes | undefined;
}

export interface SourceFacts {
  /** The `input` key. */
  readonly name: string;
  readonly spec: SourceSpec;
  /** Each kind of frame in it, once. */
  readonly kinds: readonly Omit<Pixels, "data">[];
  /** When the camera took the frames; absent where nobody knows. */
  readonly recorded?: RecordedTimes | undefined;
}

export interface Matrix {
  readonly cells: readonly Cell[];
  /** Combinations that cannot be, each reason in one line. */
  readonly skipped: readonly string[];
}

/**
 * Every combination of the lists that can be, in their order, each once.
 * @throws {ConfigError} when a value that the user typed ends up in no cell, or no cell is left.
 */
export function expandMatrix(spec: BenchSpec, facts: MatrixFacts): Matrix {
  const cells = new Map<string, Cell>();
  const skipped = new Map<string, Set<string>>();
  for (const block of [{}, ...spec.also]) {
    for (const combination of combinations({ ...spec.dimensions, ...block }, spec)) {
      const reason = impossible(combination, spec, facts);
      if (reason === undefined) {
        const cell = cellOf(combination, spec, facts);
        const twin = cells.get(cell.name);
        if (twin === undefined) cells.set(cell.name, cell);
        else if (twin.inputPath !== cell.inputPath) {
          throw new ConfigError([
            {
              path: "input",
              message: `${twin.inputPath} and ${cell.inputPath} have the same name: rename one`,
            },
          ]);
        }
      } else {
        const pairs = skipped.get(reason.why) ?? new Set();
        skipped.set(reason.why, pairs.add(reason.pair));
      }
    }
  }
  const lines = [...skipped].map(([why, pairs]) => `skipped ${[...pairs].join(", ")}: ${why}`);
  checkAsked(spec, [...cells.values()], lines);
  return { cells: [...cells.values()], skipped: lines };
}

function* combinations(lists: Dimensions, spec: BenchSpec): Generator<Combination> {
  for (const model of lists.model)
    for (const input of lists.input)
      for (const device of lists.device)
        for (const placement of lists.placement)
          for (const scenario of lists.scenario)
            for (const load of loads(scenario, lists, spec))
              for (const transport of lists.transport)
                for (const encoding of lists.encoding)
                  for (const tuning of lists.tuning)
                    for (const httpVersion of transport === "http" ? lists.httpVersion : [undefined]) {
                      const carried = { transport, encoding, tuning, httpVersion };
                      yield { model, input, device, placement, scenario, ...load, ...carried };
                    }
}

interface Impossible {
  readonly pair: string;
  readonly why: string;
}

function impossible(c: Combination, spec: BenchSpec, facts: MatrixFacts): Impossible | undefined {
  const { transport, encoding, placement, model = "", input = "" } = c;
  if (c.scenario === "open-loop" && spec.arrivals === "recording") {
    const { name, recorded } = facts.source(model, input);
    if (recorded === undefined) {
      return { pair: `the times of ${name}`, why: "only a bag says when its frames were taken" };
    }
  }
  const form = facts.foreign?.(c);
  if (form?.kind === "misfit")
    return { pair: `${encoding} (placement ${placement}) with ${model}`, why: form.why };
  const isRest = transport === "tfs-http" || transport === "kserve-v1";
  if (isRest && encoding !== "json") {
    return {
      pair: `${encoding} over ${transport}`,
      why: "TensorFlow Serving's and KServe's REST is JSON only",
    };
  }
  if (encoding === "json") {
    return isRest || transport === "http" || transport === "http-relay"
      ? undefined
      : { pair: `json over ${transport}`, why: "JSON bodies travel over http only" };
  }
  if (encoding === "binary") return undefined;
  if (form !== undefined) return undefined;
  if (!facts.takesImages(model)) {
    return { pair: `${encoding} with ${model}`, why: "the model takes tensors untouched (binary or json)" };
  }
  if (placement === "client") {
    return {
      pair: `${encoding} with placement client`,
      why: "with client-side work tensors travel, not images",
    };
  }
  if (encoding === "bayer" && !facts.source(model, input).kinds.every((kind) => isBayer(kind.encoding))) {
    return { pair: `bayer from ${facts.source(model, input).name}`, why: "the source has no Bayer mosaic" };
  }
  return undefined;
}

function cellOf(c: Combination, spec: BenchSpec, facts: MatrixFacts): Cell {
  const { transport = "local", model = "", input = "", scenario = "closed-loop" } = c;
  const remote = transport !== "local";
  const key: CellKey = {
    transport,
    encoding: c.encoding ?? "binary",
    placement: c.placement ?? "server",
    model,
    device: spec.url === undefined ? c.device : undefined,
    input: facts.source(model, input).name,
    scenario,
    concurrency: c.concurrency,
    ...scheduleKey(c, spec, {
      file: facts.scheduleFile,
      recording: facts.source(model, input).recorded,
    }),
    connections: remote ? connectionsKey(c, spec) : undefined,
    qos: transport === "mqtt" ? spec.qos : undefined,
    protocolVersion: remote
      ? {
          http: c.httpVersion ?? "1.1",
          "http-relay": "1.1",
          grpc: "2",
          "grpc-stream": "2",
          mqtt: facts.mqttVersion,
          "tfs-http": "1.1",
          "tfs-grpc": "2",
          "kserve-v1": "1.1",
        }[transport]
      : undefined,
    tls: "off",
    compression: "off",
    tuning: c.tuning ?? "tuned",
    link: remote ? linkOf(spec.url ?? (transport === "mqtt" ? spec.broker : undefined)) : "none",
    target: spec.url === undefined ? "managed" : withoutCredentials(spec.url),
  };
  const { spec: source, kinds } = facts.source(model, input);
  return {
    key,
    name: cellName(key),
    inputPath: input,
    source,
    foreign: foreignOf(c, facts),
    batched: facts.isBatched(model),
    warm: warmContents(key, facts, kinds),
  };
}

function foreignOf(c: Combination, facts: MatrixFacts): ForeignForm | undefined {
  const form = facts.foreign?.(c);
  return form?.kind === "misfit" ? undefined : form;
}

/** What the serving core of a cell will be sent, and so runs before it is ready. */
function warmContents(
  { encoding, placement, model }: CellKey,
  facts: MatrixFacts,
  kinds: SourceFacts["kinds"],
): readonly WarmUpContent[] {
  const tensors = placement === "client" || !facts.takesImages(model);
  return kinds.map(({ widthPx, heightPx, encoding: own }) => ({
    content: tensors ? "tensor" : encoding === "bayer" ? own : "rgb8",
    widthPx,
    heightPx,
  }));
}

/** `loopback` for this machine, else `network`: what lies between is not known. */
function linkOf(url: string | undefined): string {
  if (url === undefined) return "loopback";
  const host = new URL(url).hostname;
  return host === "localhost" || host === "[::1]" || host.startsWith("127.") ? "loopback" : "network";
}

function checkAsked(spec: BenchSpec, cells: readonly Cell[], skipped: readonly string[]): void {
  if (cells.length === 0) {
    throw new ConfigError([{ path: "matrix", message: `no possible cell is left (${skipped.join("; ")})` }]);
  }
  const used: { readonly [D in DimensionName]: (cell: Cell) => unknown } = {
    transport: ({ key }) => key.transport,
    encoding: ({ key }) => key.encoding,
    placement: ({ key }) => key.placement,
    model: ({ key }) => key.model,
    device: ({ key }) => key.device, // never asked for together with --url
    input: ({ inputPath }) => inputPath,
    scenario: ({ key }) => key.scenario,
    concurrency: ({ key }) => key.concurrency,
    rate: ({ key }) => rangeOfLabel(key.arrivals) ?? key.ratePerSec,
    whenBusy: ({ key }) => key.whenBusy,
    vehicles: ({ key }) => key.vehicles,
    tuning: ({ key }) => key.tuning,
    httpVersion: ({ key }) => (key.transport.startsWith("http") ? key.protocolVersion : undefined),
  };
  const problems = spec.asked.flatMap((name) =>
    spec.dimensions[name]
      .filter((value) => !cells.some((cell) => used[name](cell) === value))
      .map((value) => ({
        path: `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
        message: `'${value}' ends up in no cell${skipped.length > 0 ? ` (${skipped.join("; ")})` : ""}`,
      })),
  );
  if (problems.length > 0) throw new ConfigError(problems);
}
