import type { CellKey } from "../core/cell.ts";
import { HTTP_VERSIONS, type HttpVersion } from "../core/transport.ts";
import type { SourceSpec } from "../inputs/open-source.ts";
import { builtinModel } from "../serving/builtin.ts";
import { arrivalsOf } from "./arrivals-label.ts";
import type { BenchSpec } from "./bench-spec.ts";
import type { LoadSpec } from "./load-spec.ts";
import type { CoreSpec } from "./processes/commands.ts";

/** Bytes that a built-in model is sent from a synthetic input unless `--size` says otherwise. */
const BUILTIN_BYTES = 1_024;
/** Synthetic frames are the same in every bench: they are part of what makes cells alike. */
export const FRAME_SEED = 1;
/** Size of synthetic frames where neither the model nor the user says one. */
const SCENE = { widthPx: 968, heightPx: 608 };

export function coreSpecOf(spec: BenchSpec, { model, device }: Pick<CellKey, "model" | "device">): CoreSpec {
  return {
    models: [model],
    repository: spec.repository,
    device: device ?? "cpu",
    instances: spec.instances,
    threads: spec.threads,
    recipe: spec.recipe,
  };
}

/** @param repetition - from 0: each has a schedule of its own. */
export function loadSpecOf(spec: BenchSpec, key: CellKey, repetition: number): LoadSpec {
  const { durationMs, requests, timeoutMs, warmup } = spec;
  const seed = (spec.seed + repetition) >>> 0;
  const common = { durationMs, requests, timeoutMs, warmup, seed };
  const { scenario, concurrency = 1 } = key;
  switch (scenario) {
    case "closed-loop":
    case "single-stream":
    case "offline":
      return { ...common, scenario, concurrency };
    case "multi-stream":
      return { ...common, scenario, samplesPerQuery: concurrency };
    case "open-loop":
    case "server": {
      const arrivals = arrivalsOf(spec, key);
      const isWhole = spec.wholeRecording && (arrivals.kind === "file" || arrivals.kind === "recording");
      return {
        ...common,
        ...(isWhole ? { durationMs: undefined, requests: undefined } : {}),
        scenario,
        arrivals,
        vehicles: key.vehicles ?? 1,
        perVehicle: key.connections === "per-vehicle",
        maxInFlight: spec.maxInFlight,
        whenBusy: key.whenBusy ?? "drop-new",
      };
    }
  }
}

/** The version that a cell's http clients speak; `undefined` for other transports. */
export function httpVersionOf({ transport, protocolVersion }: CellKey): HttpVersion | undefined {
  return transport === "http" ? HTTP_VERSIONS.find((version) => version === protocolVersion) : undefined;
}

/** How many connections a cell's generator opens. */
export function connectionsOf({ connections, vehicles = 1 }: CellKey): number {
  if (connections === "per-vehicle") return vehicles;
  return connections === undefined || connections === "shared" ? 1 : connections;
}

/**
 * Where the frames of a model come from.
 * @param modelSize - the size that the model's recipe wants, for synthetic frames.
 */
export function sourceSpecOf(
  spec: BenchSpec,
  model: string,
  input: string,
  modelSize: { readonly widthPx: number; readonly heightPx: number } = SCENE,
): SourceSpec {
  const bytes = builtinModel(model) !== undefined || spec.size?.kind === "bytes";
  return {
    input,
    topic: spec.topic,
    startSec: spec.startSec,
    durationSec: spec.sourceDurationSec,
    size:
      spec.size?.kind === "image" ? { widthPx: spec.size.widthPx, heightPx: spec.size.heightPx } : undefined,
    synthetic: bytes
      ? { kind: "bytes", bytes: spec.size?.kind === "bytes" ? spec.size.bytes : BUILTIN_BYTES }
      : { kind: "scene", ...modelSize },
    seed: FRAME_SEED,
  };
}
