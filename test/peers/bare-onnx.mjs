// @ts-check
import { InferenceSession, Tensor } from "onnxruntime-node";
import { answerBlocks, timeEach } from "../overhead/blocks.mjs";

/**
 * A loop around ONNX Runtime and nothing else: one frame, the session's own output.
 *
 * @typedef {{ file: string, threads: number, spinning: boolean, widthPx: number, heightPx: number }} Target
 */
answerBlocks(async (/** @type {Target} */ { file, threads, spinning, widthPx, heightPx }) => {
  const session = await InferenceSession.create(file, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    extra: { session: { intra_op: { allow_spinning: spinning ? "1" : "0" } } },
  });
  const data = new Uint8Array(widthPx * heightPx * 3).map((_, i) => (i * 7) % 251);
  const [name = ""] = session.inputNames;
  const feeds = { [name]: new Tensor("uint8", data, [1, heightPx, widthPx, 3]) };
  return {
    measure: ({ requests }) =>
      timeEach(
        requests,
        () => session.run(feeds),
        (answer) => {
          if (Object.values(answer)[0]?.dims.includes(heightPx) !== true) throw new Error("no answer");
        },
      ),
    close: () => session.release(),
  };
});
