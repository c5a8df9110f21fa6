import { messageOf, ServingError, TransportError } from "../core/errors.ts";
import type { PixelEncoding } from "../core/frame.ts";
import type { Tensor } from "../core/tensor.ts";
import type { FrameSize } from "./graphs/add-preprocess.ts";
import { buildPipelineGraph } from "./graphs/pipeline-graph.ts";
import { type OnnxSession, openSession } from "./onnx-session.ts";
import { type ProvenPlacement, probePlacement } from "./probe-placement.ts";
import type { ServedModel } from "./request-shape.ts";
import { reshapeInputs, reshapeSession } from "./reshape.ts";
import type { SessionSettings } from "./session-settings.ts";

/** `tensor`: the model as it is; a pixel encoding: pre-processing, model and post-processing in one graph. */
export type SessionContent = "tensor" | PixelEncoding;

/** The sessions of one model on one thread, made when first asked for and kept; one that cannot be made is tried again. */
export interface ModelSessions {
  /**
   * @param frame - the images' size. A session made for that size is used if there is one, else one for any size.
   * @throws {TransportError} INVALID_ARGUMENT for images where there is no recipe; {ServingError} as `openSession`.
   */
  open(content: SessionContent, frame?: FrameSize): Promise<OnnxSession>;
  /** Makes a session for images of one size: the runtime can plan its memory ahead, and a needless resize is left out. */
  openSized(content: PixelEncoding, frame: FrameSize): Promise<OnnxSession>;
  /**
   * Where the nodes of a content's graph run: tried once in a profiled session that is released again.
   * @param feeds - as `probePlacement` takes them.
   */
  probe(content: SessionContent, feeds: readonly Tensor[], frame?: FrameSize): Promise<ProvenPlacement>;
  /** Of the sessions; opens the model itself when none is open. */
  executionProvider(): Promise<string>;
  /** An error that names the model. */
  refusal(text: string): ServingError;
  /** Frees every session; nothing may be running. */
  release(): Promise<void>;
}

/** @param options.readModel - the bytes of the .onnx file; read anew for each session, so that they are not kept. */
export function createModelSessions(options: {
  readonly model: ServedModel;
  readonly settings: SessionSettings;
  readonly readModel: () => Promise<Uint8Array>;
}): ModelSessions {
  const { model, settings } = options;
  const what = `model '${model.name}'`;
  const sessions = new Map<string, Promise<OnnxSession>>();

  const graphOf = async (
    content: SessionContent,
    frame?: FrameSize,
  ): Promise<readonly [graph: Uint8Array, what: string]> => {
    const bytes = await options.readModel();
    if (content === "tensor") return [bytes, what];
    if (model.recipe === "raw") {
      throw new TransportError("INVALID_ARGUMENT", `${what} has no recipe for images (raw)`);
    }
    return [buildPipelineGraph(bytes, model.recipe, content, frame), `${what} for ${content}`];
  };
  const create = async (content: SessionContent, frame?: FrameSize): Promise<OnnxSession> => {
    const session = await openSession(...(await graphOf(content, frame)), settings);
    return content === "tensor" ? reshapeSession(session, model.reshapes) : session;
  };
  const keyOf = (content: SessionContent, { widthPx, heightPx }: FrameSize): string =>
    `${content}@${widthPx}x${heightPx}`;
  const keep = (key: string, make: () => Promise<OnnxSession>): Promise<OnnxSession> => {
    const kept = sessions.get(key);
    if (kept !== undefined) return kept;
    const made = make();
    sessions.set(key, made);
    // What cannot be opened now may be later.
    made.catch(() => {
      if (sessions.get(key) === made) sessions.delete(key);
    });
    return made;
  };
  const open = (content: SessionContent, frame?: FrameSize): Promise<OnnxSession> =>
    (frame && sessions.get(keyOf(content, frame))) ?? keep(content, () => create(content));
  return {
    open,
    openSized: (content, frame) => keep(keyOf(content, frame), () => create(content, frame)),
    probe: async (content, feeds, frame) =>
      probePlacement(
        ...(await graphOf(content, frame)),
        settings,
        content === "tensor" ? reshapeInputs(feeds, model.reshapes) : feeds,
      ),
    async executionProvider() {
      const [first = open("tensor")] = sessions.values();
      return (await first).executionProvider;
    },
    refusal: (text) => new ServingError("ERR_MODEL", `${what} ${messageOf(text)}`),
    async release() {
      const opened = await Promise.allSettled(sessions.values());
      sessions.clear();
      for (const each of opened) if (each.status === "fulfilled") await each.value.release();
    },
  };
}
