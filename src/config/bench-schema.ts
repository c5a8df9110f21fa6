import { z } from "zod";
import { ARRIVALS, type Connections, DEVICES, PLACEMENTS, SCENARIOS, WHEN_BUSY } from "../core/cell.ts";
import { ENCODINGS, HTTP_VERSIONS, type Qos, TRANSPORTS, TUNINGS } from "../core/transport.ts";
import type { Rate } from "../scenarios/bench-spec.ts";
import { parseDurationMs } from "./duration.ts";
import { parseRate } from "./rate.ts";
import { parseTensorShape } from "./tensor-shape-text.ts";

/** One value or a list of them; always a list without repetitions afterwards. */
function listOf<T extends z.ZodType>(item: T) {
  return z
    .union([z.array(item).min(1), item])
    .transform((value) => [...new Set(Array.isArray(value) ? value : [value])] as z.output<T>[]);
}

/** A number, said so in words when it is none; its limits have their own messages. */
const number = (expected: string) =>
  z.number({ error: ({ code }) => (code === "invalid_type" ? `expected ${expected}` : undefined) });
const positive = number("a finite number").positive();
const whole = number("a whole number").int("expected a whole number");
const count = whole.min(1);
const durationText = z.string({ error: "expected a duration such as 10s or 250ms" });

/** A duration text such as `10s`, in milliseconds afterwards. */
function duration(minMs: number) {
  return durationText.transform((text, context) => {
    const ms = parseDurationMs(text);
    if (ms === undefined || ms < minMs) {
      context.addIssue({
        code: "custom",
        message: `expected a duration such as 10s or 250ms, got '${text}'`,
      });
      return z.NEVER;
    }
    return ms;
  });
}

const size = z.string().transform((text, context) => {
  const image = /^(\d+)x(\d+)$/i.exec(text);
  const widthPx = Number(image?.[1]);
  const heightPx = Number(image?.[2]);
  if (image !== null && widthPx > 0 && heightPx > 0 && widthPx <= 16_384 && heightPx <= 16_384) {
    return { kind: "image" as const, widthPx, heightPx };
  }
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) {
    return { kind: "bytes" as const, bytes: Number(text) };
  }
  context.addIssue({ code: "custom", message: `expected WIDTHxHEIGHT or a number of bytes, got '${text}'` });
  return z.NEVER;
});

/** One rate or a list of them, ranges with a step taken apart. */
const rates = z.custom<number | string | readonly (number | string)[]>().transform((value, context) => {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const found = new Set<Rate>();
  for (const item of items.length === 0 ? [value] : items) {
    const parsed =
      typeof item === "number" || typeof item === "string"
        ? parseRate(item)
        : { problem: `expected a rate such as 20 or 10..50:5, got ${JSON.stringify(item)}` };
    if ("problem" in parsed) context.addIssue({ code: "custom", message: parsed.problem });
    else for (const rate of parsed) found.add(rate);
  }
  return [...found];
});

const connections = z.custom<Connections>().transform((value, context): Connections => {
  if (value === "per-vehicle" || value === "shared") return value;
  if (Number.isSafeInteger(value) && value >= 1 && value <= 4_096) return value;
  const given = typeof value === "string" ? `'${String(value)}'` : String(value);
  context.addIssue({
    code: "custom",
    message: `expected a number from 1 to 4096, per-vehicle or shared, got ${given}`,
  });
  return z.NEVER;
});

/** One text or a list of them, each the shape of one input. */
const shapes = z
  .union([z.array(z.string()).min(1), z.string()], { error: "expected texts such as input:1,3,224,224" })
  .transform((value, context) =>
    (typeof value === "string" ? [value] : value).map((text) => {
      const shape = parseTensorShape(text);
      if (shape !== undefined) return shape;
      context.addIssue({
        code: "custom",
        message: `expected INPUT:SIZES or INPUT:DATATYPE:SIZES, e.g. input:1,3,224,224, got '${text}'`,
      });
      return z.NEVER;
    }),
  );

const warmup = z.string().transform((text, context) => {
  if (text === "auto") return { kind: "auto" as const };
  const durationMs = parseDurationMs(text);
  if (durationMs !== undefined) return { kind: "fixed" as const, durationMs };
  context.addIssue({ code: "custom", message: `expected auto, 0 or a duration such as 2s, got '${text}'` });
  return z.NEVER;
});

const endpoint = (schemes: readonly string[]) =>
  z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1)), {
    error: ({ input }) =>
      `expected a URL beginning with ${schemes.join(":// or ")}://, got '${String(input)}'`,
  });

const dimensions = z.strictObject({
  /** Which transports carry the frames. */
  transport: listOf(z.enum(TRANSPORTS)),
  /** How a frame or tensor is written. */
  encoding: listOf(z.enum(ENCODINGS)),
  /** Where pre- and post-processing run. */
  placement: listOf(z.enum(PLACEMENTS)),
  model: listOf(z.string().min(1)),
  device: listOf(z.enum(DEVICES)),
  /** Bags, images, folders of images, or `synthetic`. */
  input: listOf(z.string().min(1)),
  scenario: listOf(z.enum(SCENARIOS)),
  /** Requests outstanding (closed loop). */
  concurrency: listOf(count.max(4_096)),
  /** Arrivals per second of each vehicle (open loop, server): `20`, `10..50:5`; of a ramp or steps `5..50`. */
  rate: rates,
  /** What is done with an arrival at the in-flight limit (open loop, server). */
  whenBusy: listOf(z.enum(WHEN_BUSY)),
  /** Each with a schedule, frames and a connection of its own (open loop, server). */
  vehicles: listOf(count.max(1_024)),
  tuning: listOf(z.enum(TUNINGS)),
  /** Of HTTP: `"1.1"`, `"2"`. */
  httpVersion: listOf(z.literal(HTTP_VERSIONS)),
});

/**
 * What `bench.config.ts` may hold and what the command line may override, under the same names. Every unknown key and
 * every wrong value is reported, all at once.
 */
export const benchSchema = dimensions.partial().extend({
  /** Goes into the name of the results folder. */
  name: z
    .string()
    .regex(/^[\w.-]{1,64}$/, "expected letters, digits, '.', '_' or '-'")
    .optional(),
  /** More cells beside the matrix: what is named here replaces the lists above. */
  also: z.array(dimensions.partial()).optional(),
  arrivals: z.enum(ARRIVALS).optional(),
  /** Arrivals at once, of bursts. */
  burst: count.max(65_536).optional(),
  /** Levels, of steps. */
  steps: whole.min(2).max(1_000).optional(),
  /** File of timestamps, seconds, one a line. */
  schedule: z.string().min(1).optional(),
  /** Recorded times (recording, file) are played so many times as fast. */
  speed: positive.max(1_000).optional(),
  /** Samples of a query (multi-stream). */
  samplesPerQuery: count.max(65_536).optional(),
  /** What p99 of the response time is to stay below (server). */
  latencyBound: duration(0.001).optional(),
  maxInFlight: count.max(65_536).optional(),
  timeout: duration(1).optional(),
  deadline: duration(0.001).optional(),
  duration: duration(1).optional(),
  requests: count.max(50_000_000).optional(),
  warmup: warmup.optional(),
  repetitions: count.max(1_000).optional(),
  connections: connections.optional(),
  qos: z
    .literal([0, 1, 2])
    .transform((value): Qos => value)
    .optional(),
  /** Adds http through a relay process: the control for MQTT's way through a broker. */
  relay: z.boolean().optional(),
  /** What the columns of wire bytes hold. */
  wireBytes: z.enum(["frames", "payload"]).optional(),
  /** Processes that share the load of a run. */
  generators: count.max(64).optional(),
  /** Requests of a run that are recorded one by one; those beyond are counted. */
  maxRecorded: count.max(20_000_000).optional(),
  seed: whole.min(0).max(0xffff_ffff).optional(),
  url: endpoint(["http", "grpc", "grpc+stream", "mqtt", "tfs+http", "tfs+grpc", "kserve-v1+http"]).optional(),
  broker: endpoint(["mqtt"]).optional(),
  topic: z.string().min(1).optional(),
  size: size.optional(),
  /** `raw`, a file, a model of the repository whose recipe it is, or the recipe itself (JSON). */
  recipe: z.union([z.string().min(1), z.record(z.string(), z.unknown())]).optional(),
  /** Of a server at `url`: shapes of seeded tensors, `input:1,3,224,224`. */
  shape: shapes.optional(),
  /** The ONNX file that the server at `url` runs: its answers are compared with it. */
  reference: z.string().min(1).optional(),
  /** Only this part of a bag, from its beginning. */
  start: duration(0).optional(),
  length: duration(0.001).optional(),
  maxPayload: count.max(2 ** 31 - 1).optional(),
  instances: count.max(256).optional(),
  threads: count.max(1_024).optional(),
  repository: z.string().min(1).optional(),
  out: z.string().min(1).optional(),
  quick: z.boolean().optional(),
});

/** A configuration as a user writes it. */
export type BenchConfig = z.input<typeof benchSchema>;
/** A validated configuration: lists are lists, durations are milliseconds. */
export type BenchSettings = z.output<typeof benchSchema>;
