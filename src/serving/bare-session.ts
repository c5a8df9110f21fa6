import { readFile } from "node:fs/promises";
import { channelsOf, type Pixels } from "../core/frame.ts";
import type { Tensor } from "../core/tensor.ts";
import { createModelSessions } from "./model-sessions.ts";
import type { Recipe } from "./recipe.ts";
import { openServedModel } from "./served-model.ts";
import type { SessionSettings } from "./session-settings.ts";

export interface BareSessionOptions {
  readonly model: string;
  readonly repositoryDir: string;
  /** Instead of the repository's. */
  readonly recipe?: Recipe | "raw" | undefined;
  readonly settings: SessionSettings;
}

/**
 * A model on the calling thread, without queue, worker or transport: what serving is compared with. Each run blocks
 * the thread.
 */
export interface BareSession {
  readonly executionProvider: string;
  /** An image through the fused graph, as the engine runs it; the bytes are read, not kept. */
  runImage(pixels: Pixels): Promise<readonly Tensor[]>;
  /** The model's own inputs. */
  runTensors(inputs: readonly Tensor[]): Promise<readonly Tensor[]>;
  release(): Promise<void>;
}

/**
 * Opens the model; sessions are made with the first run of each kind and frame size.
 * @throws {ServingError} ERR_MODEL or ERR_DEVICE
 */
export async function createBareSession(options: BareSessionOptions): Promise<BareSession> {
  const { model, path } = await openServedModel(options.repositoryDir, options.model, options.recipe);
  const { settings } = options;
  const sessions = createModelSessions({ model, settings, readModel: () => readFile(path) });
  return {
    executionProvider: await sessions.executionProvider(),
    async runImage({ widthPx, heightPx, encoding, data }) {
      const session = await sessions.openSized(encoding, { widthPx, heightPx });
      const shape = [1, heightPx, widthPx, channelsOf(encoding)];
      return session.run([{ name: session.inputNames[0]!, datatype: "UINT8", shape, data }]);
    },
    runTensors: async (inputs) => (await sessions.open("tensor")).run(inputs),
    release: () => sessions.release(),
  };
}
