import { availableParallelism } from "node:os";
import { type OnnxSession, openSession } from "./onnx-session.ts";

/**
 * Opens a model on the CPU of this process, to try it out; measured runs go through the engine. The caller releases it.
 *
 * @param what - named in errors.
 * @throws {ServingError} ERR_MODEL when ONNX Runtime refuses the file.
 */
export function openCpuSession(model: Uint8Array, what: string): Promise<OnnxSession> {
  return openSession(model, what, {
    device: "cpu",
    intraOpThreads: availableParallelism(),
    interOpThreads: 1,
    allowSpinning: false,
  });
}
