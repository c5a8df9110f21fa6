import { env, InferenceSession, type Tensor as OrtTensor } from "onnxruntime-node";
import { messageOf, ServingError, TransportError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { fromOrtTensor, toOrtTensor } from "./ort-tensor.ts";
import { type SessionSettings, sessionOptions } from "./session-settings.ts";

/** One ONNX Runtime session over the project's tensors. Runs are synchronous native calls on the calling thread. */
export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** `cpu`, `cuda` or `webgpu`. */
  readonly executionProvider: string;
  /**
   * @param feeds - one tensor per input, by name; the bytes are read, not kept.
   * @param outputs - names of the wanted outputs, in the order of the answer; absent: all.
   * @throws {TransportError} INVALID_ARGUMENT when names or shapes do not fit, INTERNAL when the run fails.
   */
  run(feeds: readonly Tensor[], outputs?: readonly string[]): Promise<readonly Tensor[]>;
  /** Frees the session's memory; nothing may be running. */
  release(): Promise<void>;
}

/** The execution providers to try for a device, best first; a GPU is never replaced by the CPU. */
const PROVIDERS = { cpu: ["cpu"], gpu: ["cuda", "webgpu"] } as const;

const INVALID = /invalid dimensions|invalid rank|unexpected input data type|missing in 'feeds'|invalid feed/i;

/**
 * @param model - the bytes of an ONNX file.
 * @param what - named in errors, e.g. `model 'm1-small'`.
 * @throws {ServingError} ERR_MODEL when the runtime refuses the file, ERR_DEVICE when the device cannot be had.
 */
export async function openSession(
  model: Uint8Array,
  what: string,
  settings: SessionSettings,
): Promise<OnnxSession> {
  // Otherwise the runtime prints each provider that it cannot load; what went wrong is in the error.
  if (settings.device === "gpu") env.logLevel = "fatal";
  const problems: string[] = [];
  for (const provider of PROVIDERS[settings.device]) {
    try {
      const session = await InferenceSession.create(model, sessionOptions(settings, provider));
      return wrapSession(session, provider);
    } catch (cause) {
      if (settings.device === "cpu") {
        throw new ServingError("ERR_MODEL", `${what}: ONNX Runtime refuses it: ${messageOf(cause)}`, {
          cause,
        });
      }
      // The runtime puts the place in its own source before the sentence that matters.
      problems.push(
        `${provider}: ${messageOf(cause)
          .replace(/^.* was false\. |^\w+: /, "")
          .slice(0, 160)}`,
      );
    }
  }
  throw new ServingError(
    "ERR_DEVICE",
    `${what}: no usable GPU; install the CUDA libraries of ONNX Runtime ` +
      `(node node_modules/onnxruntime-node/script/install) with CUDA and cuDNN, or a Vulkan driver with ` +
      `libvulkan1 for WebGPU (${problems.join("; ")})`,
  );
}

function wrapSession(session: InferenceSession, executionProvider: string): OnnxSession {
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    executionProvider,
    async run(feeds, outputs) {
      const names = outputs ?? session.outputNames;
      const unknown = names.find((name) => !session.outputNames.includes(name));
      if (unknown !== undefined) {
        throw new TransportError(
          "INVALID_ARGUMENT",
          `unexpected inference output '${unknown}'; there are: ${session.outputNames.join(", ")}`,
        );
      }
      const inputs: Record<string, OrtTensor> = {};
      for (const feed of feeds) inputs[feed.name] = toOrtTensor(feed);
      try {
        const answer = await session.run(inputs, [...names]);
        return names.map((name) => fromOrtTensor(name, answer[name] as OrtTensor));
      } catch (cause) {
        const text = messageOf(cause);
        throw new TransportError(INVALID.test(text) ? "INVALID_ARGUMENT" : "INTERNAL", text, { cause });
      }
    },
    release: () => session.release(),
  };
}
