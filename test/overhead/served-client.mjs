// @ts-check
import { clockId, monotonicClock } from "../../dist/core/clock.js";
import { CONTENT } from "../../dist/core/parameters.js";
import { createMarks, DEFAULT_MAX_PAYLOAD_BYTES } from "../../dist/core/transport.js";
import { REHEARSAL, rehearse } from "../../dist/load/rehearse.js";
import { createRecorder } from "../../dist/recording/recorder.js";
import { createTransport } from "../../dist/scenarios/transports.js";
import { createBareSession } from "../../dist/serving/bare-session.js";
import { createEngine } from "../../dist/serving/engine.js";
import { answerBlocks, timeEach } from "./blocks.mjs";

/**
 * One participant of `served.mjs`: a frame through a model, by a bare session on this thread (`bare`), through the engine
 * in this process (`local`), or through a server (`http`, `grpc`). All but `bare` rehearse first, as a bench does.
 *
 * @typedef {{ kind: "bare" | "local" | "http" | "grpc", endpoint?: string, model: string, repository: string, threads: number, widthPx: number, heightPx: number }} Target
 */

answerBlocks(async (/** @type {Target} */ target) => {
  const { kind, model, repository, threads, widthPx, heightPx } = target;
  const data = new Uint8Array(widthPx * heightPx * 3).map((_, i) => (i * 7) % 251);
  if (kind === "bare") {
    const settings = /** @type {const} */ ({
      device: "cpu",
      intraOpThreads: threads,
      interOpThreads: 1,
      allowSpinning: false,
    });
    const session = await createBareSession({ model, repositoryDir: repository, settings });
    return {
      measure: ({ requests }) =>
        timeEach(
          requests,
          () => session.runImage({ widthPx, heightPx, encoding: "rgb8", data }),
          checkAnswer,
        ),
      close: () => session.release(),
    };
  }
  const transport = createTransport(kind);
  const options = /** @type {const} */ ({
    maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
    tuning: "tuned",
    encoding: "binary",
  });
  const core =
    kind === "local"
      ? await createEngine({
          models: [model, REHEARSAL.model],
          repositoryDir: repository,
          intraOpThreads: threads,
          warmUpContents: [{ content: "rgb8", widthPx, heightPx }],
        })
      : undefined;
  const server = core && (await transport.serve(core, { ...options, host: "127.0.0.1", port: 0 }));
  const client = await transport.connect(server?.endpoint ?? target.endpoint ?? "", options);
  await rehearse({
    clients: [client],
    recorder: createRecorder({ clockId: clockId() }),
    clock: monotonicClock,
    timeoutMs: 30_000,
    idPrefix: `${process.pid}-r`,
    signal: new AbortController().signal,
  });
  const [input] = (await client.modelMetadata(model)).inputs;
  const isFlat = input?.shape.length === 1;
  const tensor = /** @type {const} */ ({
    name: input?.name ?? "",
    datatype: "UINT8",
    shape: isFlat ? [data.byteLength] : [1, heightPx, widthPx, 3],
    data,
    ...(isFlat ? {} : { parameters: { [CONTENT]: "rgb8" } }),
  });
  let sent = 0;
  return {
    measure: ({ requests }) =>
      timeEach(
        requests,
        async () => {
          const request = { modelName: model, id: `${process.pid}-${sent++}`, inputs: [tensor] };
          const response = await client.infer(request, { marks: createMarks(), deadlineMs: 30_000 });
          return response.outputs;
        },
        checkAnswer,
      ),
    async close() {
      await client.destroy();
      await server?.close();
      await core?.close();
    },
  };
});

/** @param {readonly import("../../dist/core/tensor.js").Tensor[]} outputs */
function checkAnswer([output]) {
  if (output === undefined || output.data.byteLength === 0) throw new Error("no answer");
}
