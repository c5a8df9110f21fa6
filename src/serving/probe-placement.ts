import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { InferenceSession } from "onnxruntime-node";
import type { Tensor } from "../core/tensor.ts";
import { type NodePlacement, placementOf, readProfile } from "./node-placement.ts";
import { createOrtSession, type OpenedSession, wrapSession } from "./onnx-session.ts";
import type { SessionSettings } from "./session-settings.ts";

/** What a probe found. */
export interface ProvenPlacement {
  /** ONNX Runtime's name of the provider that the session was made for. */
  readonly executionProvider: string;
  readonly placement: NodePlacement;
  /** Of the one run. */
  readonly outputs: readonly Tensor[];
}

/**
 * Runs a model once in a session of its own that ONNX Runtime profiles, and reads where each node ran. Profiling costs time in
 * every run: the session is released again and never measured.
 *
 * @param feeds - one tensor per input, by name; where there is no such input, by position.
 * @throws {ServingError} ERR_MODEL or ERR_DEVICE as `openSession`; {TransportError} when the run fails.
 */
export function probePlacement(
  model: Uint8Array,
  what: string,
  settings: SessionSettings,
  feeds: readonly Tensor[],
): Promise<ProvenPlacement> {
  return runProfiled((profiling) => createOrtSession(model, what, settings, profiling), feeds);
}

/**
 * The same for any way to make a session.
 * @param create - makes it with the options that it is given on top of its own.
 */
export async function runProfiled(
  create: (profiling: InferenceSession.SessionOptions) => Promise<OpenedSession>,
  feeds: readonly Tensor[],
): Promise<ProvenPlacement> {
  const folder = await mkdtemp(join(tmpdir(), "wirebench-profile-"));
  try {
    const opened = await create({ enableProfiling: true, profileFilePrefix: join(folder, "profile") });
    const session = wrapSession(opened);
    const { inputNames, executionProvider } = session;
    let outputs: readonly Tensor[];
    try {
      outputs = await session.run(
        feeds.map((feed, index) =>
          inputNames.includes(feed.name) ? feed : { ...feed, name: inputNames[index] ?? feed.name },
        ),
      );
      opened.session.endProfiling();
    } finally {
      await session.release();
    }
    const texts = (await readdir(folder)).map((name) => readFile(join(folder, name), "utf8"));
    const nodes = (await Promise.all(texts)).flatMap(readProfile);
    return { executionProvider, placement: placementOf(nodes), outputs };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
