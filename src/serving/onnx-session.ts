import { env, InferenceSession, type Tensor as OrtTensor } from "onnxruntime-node";
import { messageOf, ServingError, TransportError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { type DeviceTurns, takeTurn } from "./device-turns.ts";
import {
  DEVICE_PROVIDERS,
  EXECUTION_PROVIDERS,
  type ProviderName,
  providerFailure,
} from "./execution-provider.ts";
import { fromOrtTensor, toOrtTensor } from "./ort-tensor.ts";
import { type SessionSettings, sessionOptions } from "./session-settings.ts";

/** One ONNX Runtime session over the project's tensors. Runs are synchronous native calls on the calling thread. */
export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** ONNX Runtime's name, e.g. `CPUExecutionProvider`. */
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
  return wrapSession(await createOrtSession(model, what, settings));
}

/** ONNX Runtime's own session, and the execution provider that it was made for. */
export interface OpenedSession {
  readonly session: InferenceSession;
  readonly provider: ProviderName;
  /** Taken for each run and for the release. */
  readonly turns?: DeviceTurns | undefined;
}

/**
 * A session on the best execution provider of the device that can be had.
 *
 * @param more - options on top of those of the settings.
 * @throws {ServingError} as `openSession`.
 */
export async function createOrtSession(
  model: Uint8Array,
  what: string,
  settings: SessionSettings,
  more: InferenceSession.SessionOptions = {},
): Promise<OpenedSession> {
  // Otherwise the runtime prints each provider that it cannot load; what went wrong is in the error.
  if (settings.device === "gpu") env.logLevel = "fatal";
  const problems: string[] = [];
  for (const provider of DEVICE_PROVIDERS[settings.device]) {
    try {
      const options = { ...sessionOptions(settings, provider), ...more };
      const turns = provider === "webgpu" ? settings.deviceTurns : undefined;
      const session = await takeTurn(turns, () => InferenceSession.create(model, options));
      return { session, provider, turns };
    } catch (cause) {
      if (settings.device === "cpu") {
        throw new ServingError("ERR_MODEL", `${what}: ONNX Runtime refuses it: ${messageOf(cause)}`, {
          cause,
        });
      }
      problems.push(`${provider}: ${providerFailure(messageOf(cause))}`);
    }
  }
  throw new ServingError(
    "ERR_DEVICE",
    `${what}: no usable GPU (${problems.join("; ")}); npm run gpu:setup installs the CUDA libraries and names what is ` +
      `missing; for WebGPU install libvulkan1 and the GPU's Vulkan driver`,
  );
}

/** A session over the project's tensors. */
export function wrapSession({ session, provider, turns }: OpenedSession): OnnxSession {
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    executionProvider: EXECUTION_PROVIDERS[provider],
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
        const answer = await takeTurn(turns, () => session.run(inputs, [...names]));
        return names.map((name) => fromOrtTensor(name, answer[name] as OrtTensor));
      } catch (cause) {
        const text = messageOf(cause);
        throw new TransportError(INVALID.test(text) ? "INVALID_ARGUMENT" : "INTERNAL", text, { cause });
      }
    },
    release: () => takeTurn(turns, () => session.release()),
  };
}
