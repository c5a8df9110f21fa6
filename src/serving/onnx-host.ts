import type { CancelSignal } from "../core/cancellation.ts";
import type { Clock } from "../core/clock.ts";
import { TransportError } from "../core/errors.ts";
import type { InferRequest, InferResponse } from "../core/inference.ts";
import type { ModelMetadata } from "../core/metadata.ts";
import { DECODE_NS, INFER_NS, type Parameters, QUEUE_NS } from "../core/parameters.ts";
import type { EncodedResponse } from "../core/serving-core.ts";
import type { BatchPolicy } from "./batching.ts";
import { describeConfiguration } from "./describe-configuration.ts";
import type { EngineSettings } from "./engine-options.ts";
import { keepWorkers } from "./kept-workers.ts";
import { CLOSING, type EncodedBody, type ModelHost } from "./model-host.ts";
import { type ModelWorker, startModelWorker } from "./model-worker.ts";
import type { ServedModel } from "./request-shape.ts";
import { shapeRequest } from "./request-shape.ts";
import { encodedTimeoutUs, requestTimeoutUs } from "./request-timeout.ts";
import { type Instance, type Job, Scheduler } from "./scheduler.ts";
import { createStatistics } from "./statistics.ts";
import type { VersionPolicy } from "./version-policy.ts";
import { wantedOutputs } from "./wanted-outputs.ts";
import type { ModelWorkerData, Work, WorkSuccess } from "./worker-protocol.ts";

interface WorkJob extends Job {
  readonly work: Work;
}

export interface OnnxHostOptions {
  readonly model: ServedModel;
  /** What the workers start with. */
  readonly worker: ModelWorkerData;
  readonly settings: EngineSettings;
  /** Absent: every request runs alone. */
  readonly batching?: BatchPolicy | undefined;
  /** Told in the configuration. */
  readonly versionPolicy: VersionPolicy;
  /** Told in the metadata. */
  readonly properties: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

/**
 * Starts the worker threads of a model; ready when all are warm, and not while one that has ended is being replaced.
 * @throws {ServingError} ERR_MODEL, ERR_DEVICE, ERR_SERVING; no worker is left behind.
 */
export async function startOnnxHost(options: OnnxHostOptions): Promise<ModelHost> {
  const { model, settings, clock } = options;
  const { name, version } = model;
  const statistics = createStatistics(name, version);
  const scheduler = new Scheduler<WorkJob, WorkSuccess>({
    what: `model '${name}'`,
    maxQueue: settings.maxQueue,
    clock,
    batching: options.batching,
  });
  let isClosed = false;

  /** Lets a worker take from the queue. */
  const attach = (worker: ModelWorker): ((because: string) => void) => {
    const instance: Instance<WorkJob, WorkSuccess> = async (jobs) => {
      const results = await worker.run(jobs.map(({ work }) => work));
      const done = results.filter((result) => result.ok);
      const [first] = done;
      if (first !== undefined) {
        statistics.executed({
          batchSize: done.reduce((sum, { elements }) => sum + elements, 0),
          computeInputNs: first.timing.decodeNs ?? 0,
          computeInferNs: first.timing.inferNs,
          computeOutputNs: first.written?.writeNs ?? 0,
        });
      }
      return results.map((result) =>
        result.ok ? result : new TransportError(result.status, result.message),
      );
    };
    scheduler.addInstance(instance);
    return (because) => scheduler.removeInstance(instance, because);
  };
  const workers = await keepWorkers<ModelWorker>({
    count: settings.instances,
    start: (number, onDeath) => startModelWorker({ ...options.worker, verifyDevice: number === 0 }, onDeath),
    attach,
    clock,
  });

  const serve = async (
    signal: CancelSignal,
    submittedNs: number,
    timeoutUs: number | undefined,
    job: () => WorkJob,
  ): Promise<WorkSuccess> => {
    try {
      const success = await scheduler.submit(job(), { signal, timeoutUs });
      statistics.succeeded(success.elements, {
        totalNs: clock.nowNs() - submittedNs,
        queueNs: success.timing.beganNs - submittedNs,
        computeInputNs: success.timing.decodeNs ?? 0,
        computeInferNs: success.timing.inferNs,
        computeOutputNs: success.written?.writeNs ?? 0,
      });
      return success;
    } catch (reason) {
      statistics.failed(clock.nowNs() - submittedNs, reason);
      throw reason;
    }
  };
  const { signature } = model;
  const { executionProvider } = workers.first[0]!;
  const metadata: ModelMetadata = {
    name,
    versions: [version],
    platform: "onnxruntime_onnx",
    inputs: signature.inputs,
    outputs: signature.outputs,
    properties: { ...options.properties, wirebench_execution_provider: executionProvider },
  };
  const { batching, versionPolicy } = options;
  return {
    metadata,
    configuration: describeConfiguration(metadata, {
      ...settings,
      maxBatchSize: model.maxBatchSize,
      batching,
      versionPolicy,
    }),
    executionProvider,
    deviceNotes: workers.first.flatMap((worker) => worker.deviceNotes),
    settings,
    isReady: () => !isClosed && workers.isWhole(),
    statistics: () => ({ ...statistics.read(), pendingCount: scheduler.waiting }),

    async infer(request: InferRequest, signal, submittedNs): Promise<InferResponse> {
      const { inputs, outputs } = request;
      const timeoutUs = requestTimeoutUs(request.parameters);
      const success = await serve(signal, submittedNs, timeoutUs, () => {
        const wanted = wantedOutputs(outputs);
        const { elements, batchKey } = shapeRequest(model, inputs, wanted);
        const work: Work = { kind: "tensors", inputs, outputs: wanted };
        return { submittedNs, elements, batchKey, work };
      });
      return {
        modelName: name,
        modelVersion: version,
        id: request.id,
        parameters: stageParameters(success, submittedNs),
        outputs: success.outputs,
        finishedNs: success.timing.finishedNs,
      };
    },

    async inferEncoded(body: EncodedBody, signal, submittedNs): Promise<EncodedResponse> {
      const success = await serve(signal, submittedNs, encodedTimeoutUs(body), () => ({
        submittedNs,
        // The worker reads the body and knows.
        elements: 1,
        work: { kind: "encoded", submittedNs, ...body },
      }));
      return {
        modelName: name,
        modelVersion: version,
        id: success.written?.id ?? "",
        parameters: stageParameters(success, submittedNs),
        outputs: success.written?.json ?? new Uint8Array(0),
        binary: success.written?.binary ?? [],
        described: success.written?.described,
        finishedNs: success.timing.finishedNs,
      };
    },

    async close() {
      isClosed = true;
      await scheduler.close(CLOSING);
      await workers.close();
    },
  };
}

function stageParameters({ timing }: WorkSuccess, submittedNs: number): Parameters {
  const { beganNs, decodeNs, inferNs } = timing;
  return {
    [QUEUE_NS]: beganNs - submittedNs,
    ...(decodeNs === undefined ? {} : { [DECODE_NS]: decodeNs }),
    [INFER_NS]: inferNs,
  };
}
