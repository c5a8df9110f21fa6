import type { Device } from "../../core/cell.ts";
import { BenchError } from "../../core/errors.ts";
import type { Frame, SampleSource } from "../../core/frame.ts";
import { openSource, type SourceSpec } from "../../inputs/open-source.ts";
import { builtinModel } from "../../serving/builtin.ts";
import { createEngine } from "../../serving/engine.ts";
import { openModel } from "../../serving/repository.ts";
import { DEFAULT_FRAME } from "../../serving/warm-up.ts";
import type { WarmUpContent } from "../../serving/worker-protocol.ts";
import { type InferredFrame, inferFrame } from "./infer-frame.ts";

/** A model and the frames that it is to see, without a server. Plain data. */
export interface InferenceSpec {
  readonly model: string;
  /** The model repository's folder. */
  readonly repository: string;
  readonly device: Device;
  readonly source: Omit<SourceSpec, "synthetic" | "seed">;
}

/** A warm core and frames in memory. */
export interface Inference {
  readonly frames: SampleSource;
  /** Names of the classes, class 0 first; empty when the model has none. */
  readonly labels: readonly string[];
  /** `seeded`: the answers mean nothing. */
  readonly weights: "seeded" | "trained";
  /** ONNX Runtime's name, e.g. `CPUExecutionProvider`; `builtin` for the built-in models. */
  readonly executionProvider: string;
  /** ONNX Runtime's threads within an operator. */
  readonly threads: number;
  /**
   * One frame through the core, as it was recorded: a compressed one is decoded there.
   * @throws {TransportError} when the core cannot infer it, or `signal` is aborted.
   */
  infer(frame: Frame, signal: AbortSignal): Promise<InferredFrame>;
  /** Waits for what runs and releases the sessions. Idempotent. */
  close(): Promise<void>;
}

/** Seed of synthetic frames, the same as the bench's default. */
const SEED = 1;
/** What the built-in models are sent from `synthetic`. */
const SYNTHETIC_BYTES = 1_024;

/**
 * Reads the frames and starts the core; resolves when the model is warm for frames like these.
 *
 * @param onProgress - told a line when the model has to be generated first.
 * @throws {InputError} for an input that cannot be read.
 * @throws {ServingError} for a model or a device that cannot be had.
 */
export async function openInference(
  { model, repository, device, source }: InferenceSpec,
  onProgress: (line: string) => void,
): Promise<Inference> {
  const isBuiltin = builtinModel(model) !== undefined;
  // What costs little and fails often comes first: a model may have to be generated.
  const read = source.input === "synthetic" ? undefined : await openSource(withSynthetic(source, isBuiltin));
  const file = isBuiltin ? undefined : await openModel(repository, model, { onProgress });
  const recipe = file?.recipe ?? "raw";
  const frames =
    read ?? (await openSource(withSynthetic(source, isBuiltin, recipe === "raw" ? undefined : recipe.size)));
  const engine = await createEngine({
    models: [model],
    repositoryDir: repository,
    device,
    warmUpContents: recipe === "raw" ? undefined : warmUpFor(frames.frames),
  });
  try {
    const { inputs, name } = engine.modelMetadata(model);
    const [input] = inputs;
    if (input === undefined || inputs.length !== 1) {
      throw new BenchError("ERR_MODEL", `model '${name}' has ${inputs.length} inputs: frames fit only one`);
    }
    return {
      frames,
      labels: file?.labels ?? [],
      weights: file?.weights ?? "trained",
      executionProvider: engine.executionProvider,
      threads: engine.settings.intraOpThreads,
      infer: (frame, signal) => inferFrame(frame, { core: engine, model, input, recipe }, signal),
      close: () => engine.close(),
    };
  } catch (cause) {
    await engine.close();
    throw cause;
  }
}

function withSynthetic(
  source: InferenceSpec["source"],
  isBuiltin: boolean,
  size: { readonly widthPx: number; readonly heightPx: number } = DEFAULT_FRAME,
): SourceSpec {
  const synthetic = isBuiltin
    ? ({ kind: "bytes", bytes: SYNTHETIC_BYTES } as const)
    : ({ kind: "scene", ...size } as const);
  return { ...source, synthetic, seed: SEED };
}

/** Each kind of frame once, so that no session is built while a frame is timed. A decoded picture is rgb8. */
function warmUpFor(frames: readonly Frame[]): readonly WarmUpContent[] {
  const kinds = new Map<string, WarmUpContent>();
  for (const { encoding, widthPx, heightPx, compressed } of frames) {
    const content = compressed === undefined ? encoding : "rgb8";
    kinds.set(`${content} ${widthPx}x${heightPx}`, { content, widthPx, heightPx });
  }
  return [...kinds.values()];
}
