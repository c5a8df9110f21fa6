import { messageOf, ServingError, TransportError } from "../core/errors.ts";
import { EXECUTION_PROVIDERS } from "./execution-provider.ts";
import type { FrameSize } from "./graphs/add-preprocess.ts";
import type { ModelSessions } from "./model-sessions.ts";
import { fallback, placementLine } from "./node-placement.ts";
import type { ServedModel } from "./request-shape.ts";
import { warmUpTensors } from "./warm-up.ts";
import type { WarmUpContent } from "./worker-protocol.ts";

/** What a report says about a GPU's inputs and outputs, whatever the provider. */
const COPIES =
  "inputs and outputs are copied between pageable host memory and the device in every run: onnxruntime-node " +
  "takes neither pinned nor bound host memory";

const TURNS =
  "WebGPU sessions of one process take turns, since ONNX Runtime's cannot run at once " +
  "(https://github.com/microsoft/onnxruntime/issues/32561): more instances gain nothing";

/**
 * Verifies with ONNX Runtime's own profile that a model's graphs run on the GPU, before anything is measured.
 *
 * @returns lines for the report: how many nodes of how many ran on which provider, by content.
 * @throws {ServingError} ERR_DEVICE when half or more of a net's main nodes fall back to another provider; ERR_MODEL and
 * ERR_DEVICE as `openSession`.
 */
export async function verifyDevice(
  sessions: ModelSessions,
  model: ServedModel,
  warmUp: readonly WarmUpContent[],
): Promise<readonly string[]> {
  const notes: string[] = [];
  let webgpu = false;
  for (const wanted of warmUp) {
    const { tensors, guessed } = warmUpTensors(model, wanted);
    const what = `model '${model.name}' for ${wanted.content}`;
    try {
      const frame = wanted.content === "tensor" ? undefined : frameOf(tensors[0]!.shape);
      const { executionProvider, placement } = await sessions.probe(wanted.content, tensors, frame);
      webgpu ||= executionProvider === EXECUTION_PROVIDERS.webgpu;
      const reason = fallback(placement, executionProvider);
      if (reason !== undefined) {
        throw new ServingError(
          "ERR_DEVICE",
          `${what} cannot be measured on the GPU: ${reason}; use --device cpu`,
        );
      }
      notes.push(`${what}: ${placementLine(placement, executionProvider)} (ONNX Runtime's profile)`);
    } catch (cause) {
      // A free dimension that only the user knows.
      if (guessed && cause instanceof TransportError) {
        notes.push(`${what}: where its nodes run could not be verified: ${messageOf(cause)}`);
      } else if (cause instanceof TransportError) {
        throw sessions.refusal(`cannot run on ${wanted.content}: ${messageOf(cause)}`);
      } else throw cause;
    }
  }
  return [...notes, COPIES, ...(webgpu ? [TURNS] : [])];
}

/** The size of images [N, H, W, C]. */
function frameOf(shape: readonly number[]): FrameSize {
  return { widthPx: shape[2]!, heightPx: shape[1]! };
}
