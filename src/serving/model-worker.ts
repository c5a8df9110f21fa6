import { transferViews } from "./tensor-transfer.ts";
import { startWorkerCalls } from "./worker-calls.ts";
import type {
  ModelRun,
  ModelRunAnswer,
  ModelWorkerData,
  ModelWorkerReady,
  Work,
  WorkResult,
} from "./worker-protocol.ts";

/** One instance of a model in a worker thread of its own, as the sockets' thread sees it. */
export interface ModelWorker extends ModelWorkerReady {
  /** One at a time; moves the works' bytes. @throws {TransportError} UNAVAILABLE when the worker has died. */
  run(works: readonly Work[]): Promise<readonly WorkResult[]>;
  /** Waits for the run in flight, then the worker releases its sessions and ends. */
  close(): Promise<void>;
}

/**
 * Starts the worker; ready when its sessions are warm.
 *
 * @param onDeath - called when the worker ends by itself; what it ran has failed by then.
 * @throws {ServingError} ERR_MODEL, ERR_DEVICE, ERR_SERVING
 */
export async function startModelWorker(
  data: ModelWorkerData,
  onDeath: (message: string) => void,
): Promise<ModelWorker> {
  const calls = await startWorkerCalls<ModelRun, ModelRunAnswer, ModelWorkerReady>({
    entry: new URL("./worker.js", import.meta.url),
    workerData: data,
    what: `the worker of model '${data.model.name}'`,
    onDeath,
  });
  return {
    ...calls.ready,
    async run(works) {
      const packed = packWorks(works);
      return (await calls.call({ works: packed.works }, packed.buffers)).results;
    },
    close: () => calls.close(),
  };
}

function packWorks(works: readonly Work[]): {
  readonly works: readonly Work[];
  readonly buffers: readonly ArrayBuffer[];
} {
  const { views, buffers } = transferViews(
    works.flatMap((work) => (work.kind === "encoded" ? [work.body] : work.inputs.map(({ data }) => data))),
  );
  let at = 0;
  const next = (): Uint8Array => views[at++]!;
  const packed = works.map(
    (work): Work =>
      work.kind === "encoded"
        ? { ...work, body: next() }
        : { ...work, inputs: work.inputs.map((input) => ({ ...input, data: next() })) },
  );
  return { works: packed, buffers };
}
