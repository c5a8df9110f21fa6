import type { CellKey } from "../core/cell.ts";
import type { SourceSpec } from "../inputs/open-source.ts";
import { builtinModel } from "../serving/builtin.ts";
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

export function loadSpecOf(spec: BenchSpec, key: CellKey, repetition: number): LoadSpec {
  const common = {
    durationMs: spec.durationMs,
    requests: spec.requests,
    timeoutMs: spec.timeoutMs,
    warmup: spec.warmup,
  };
  if (key.scenario === "closed-loop") {
    return { ...common, scenario: "closed-loop", concurrency: key.concurrency ?? 1 };
  }
  return {
    ...common,
    scenario: "open-loop",
    arrivals: key.arrivals ?? spec.arrivals,
    ratePerSec: key.ratePerSec ?? 1,
    maxInFlight: spec.maxInFlight,
    seed: (spec.seed + repetition) >>> 0,
  };
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
