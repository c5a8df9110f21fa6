import { ServingError, TransportError } from "../core/errors.ts";
import { channelsOf, type Pixels } from "../core/frame.ts";
import type { Tensor } from "../core/tensor.ts";
import { buildPostprocessGraph, buildPreprocessGraph } from "./graphs/pipeline-graph.ts";
import { type OnnxSession, openSession } from "./onnx-session.ts";
import type { ServedModel } from "./request-shape.ts";
import type { SessionSettings } from "./session-settings.ts";

/** The graphs before and after a model, as sessions of their own on the current thread. */
export interface ClientSessions {
  /** The model's own input tensor of one frame; the frame's bytes are read, not kept. */
  preprocess(pixels: Pixels): Promise<Tensor>;
  /**
   * The final answer made of the model's outputs, the same bytes as with placement *server*.
   * @throws {TransportError} INVALID_ARGUMENT when an output is missing.
   */
  postprocess(outputs: readonly Tensor[]): Promise<readonly Tensor[]>;
  release(): Promise<void>;
}

/** @throws {ServingError} ERR_MODEL when there is no recipe or it does not fit. */
export async function createClientSessions(
  model: ServedModel,
  settings: SessionSettings,
): Promise<ClientSessions> {
  const { name, recipe, signature } = model;
  if (recipe === "raw") {
    throw new ServingError("ERR_MODEL", `model '${name}' has no recipe (raw): placement client needs one`);
  }
  const inputName = signature.inputs[0]!.name;
  const open = (graph: Uint8Array, what: string): Promise<OnnxSession> =>
    openSession(graph, `${what} of model '${name}'`, settings);
  const before = new Map<string, Promise<OnnxSession>>();
  const afterGraph = buildPostprocessGraph(recipe, signature);
  const after = afterGraph && (await open(afterGraph, "post-processing"));

  return {
    async preprocess({ widthPx, heightPx, encoding, data }) {
      const key = `${encoding}@${widthPx}x${heightPx}`;
      let session = before.get(key);
      if (session === undefined) {
        const graph = buildPreprocessGraph(recipe, encoding, signature, { widthPx, heightPx });
        session = open(graph, "pre-processing");
        before.set(key, session);
      }
      const opened = await session;
      const image: Tensor = {
        name: opened.inputNames[0]!,
        datatype: "UINT8",
        shape: [1, heightPx, widthPx, channelsOf(encoding)],
        data,
      };
      const [tensor] = await opened.run([image]);
      return { ...tensor!, name: inputName };
    },
    async postprocess(outputs) {
      if (after === undefined) return outputs;
      const feeds = after.inputNames.map((wanted): Tensor => {
        // An output with the name of an answer is renamed in the graph.
        const found = outputs.find((output) => output.name === wanted || `net/${output.name}` === wanted);
        if (found !== undefined) return { ...found, name: wanted };
        throw new TransportError("INVALID_ARGUMENT", `post-processing of model '${name}' misses '${wanted}'`);
      });
      return after.run(feeds);
    },
    async release() {
      for (const session of await Promise.allSettled(before.values())) {
        if (session.status === "fulfilled") await session.value.release();
      }
      await after?.release();
    },
  };
}
