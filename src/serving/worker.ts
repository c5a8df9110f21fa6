import { workerData } from "node:worker_threads";
import { createModelRunner } from "./model-runner.ts";
import { transferViews } from "./tensor-transfer.ts";
import type {
  ModelRun,
  ModelRunAnswer,
  ModelWorkerData,
  ModelWorkerReady,
  WorkResult,
} from "./worker-protocol.ts";
import { runWorkerService } from "./worker-service.ts";

/** Entry of a model's worker thread: one instance of the model with its own sessions. */
await runWorkerService<ModelRun, ModelRunAnswer, ModelWorkerReady>(async () => {
  const runner = await createModelRunner(workerData as ModelWorkerData);
  return {
    ready: { executionProvider: runner.executionProvider, deviceNotes: runner.deviceNotes },
    async handle(run) {
      const { results, buffers } = packResults(await runner.run(run));
      return { answer: { results }, buffers };
    },
    release: () => runner.release(),
  };
});

/** The results with their bytes ready to move. */
function packResults(results: readonly WorkResult[]): {
  readonly results: readonly WorkResult[];
  readonly buffers: readonly ArrayBuffer[];
} {
  const taken = results.flatMap((result) =>
    result.ok
      ? [
          ...result.outputs.map(({ data }) => data),
          ...(result.written === undefined ? [] : [result.written.json, ...result.written.binary]),
        ]
      : [],
  );
  const { views, buffers } = transferViews(taken);
  let at = 0;
  const next = (): Uint8Array => views[at++]!;
  const packed = results.map((result): WorkResult => {
    if (!result.ok) return result;
    const outputs = result.outputs.map((tensor) => ({ ...tensor, data: next() }));
    if (result.written === undefined) return { ...result, outputs };
    const written = { ...result.written, json: next(), binary: result.written.binary.map(next) };
    return { ...result, outputs, written };
  });
  return { results: packed, buffers };
}
