import type { CancelSignal } from "../core/cancellation.ts";
import type { Device } from "../core/cell.ts";
import type { Clock } from "../core/clock.ts";
import { TransportError } from "../core/errors.ts";
import type { InferRequest, InferResponse } from "../core/inference.ts";
import { DECODE_NS, INFER_NS, QUEUE_NS } from "../core/parameters.ts";
import type { EncodedResponse } from "../core/serving-core.ts";
import { type BuiltinModel, builtinInput, builtinMetadata, builtinOutputs, delayOf } from "./builtin.ts";
import type { CodecClient } from "./codec-client.ts";
import { createDelayInstance, type DelayJob, type DelayTimes } from "./delay-instance.ts";
import { describeConfiguration } from "./describe-configuration.ts";
import { CLOSING, type EncodedBody, type ModelHost } from "./model-host.ts";
import { requestTimeoutUs } from "./request-timeout.ts";
import { Scheduler } from "./scheduler.ts";
import { createStatistics } from "./statistics.ts";
import { wantedOutputs, wantsClasses } from "./wanted-outputs.ts";

const VERSION = "1";

/** Serves a built-in model on the calling thread; text bodies are read and written by the codec's worker. */
export function createBuiltinHost(
  model: BuiltinModel,
  options: {
    readonly codec: CodecClient;
    readonly instances: number;
    readonly maxQueue: number;
    readonly device: Device;
    readonly clock: Clock;
  },
): ModelHost {
  const { codec, clock } = options;
  const { name } = model;
  const statistics = createStatistics(name, VERSION);
  const scheduler = new Scheduler<DelayJob, DelayTimes>({ ...options, what: `model '${name}'` });
  if (model.kind === "delay") {
    for (let at = 0; at < options.instances; at++) scheduler.addInstance(createDelayInstance(clock));
  }
  let closed = false;

  const respond = (request: InferRequest, submittedNs: number, times: DelayTimes): InferResponse => ({
    modelName: name,
    modelVersion: VERSION,
    id: request.id,
    parameters: {
      [QUEUE_NS]: times.beganNs - submittedNs,
      [INFER_NS]: times.finishedNs - times.beganNs,
    },
    outputs: builtinOutputs(model, request.inputs[0]!),
    finishedNs: times.finishedNs,
  });

  /** @param endedNs - where nothing is left that could fail. */
  const countSuccess = (submittedNs: number, { beganNs, finishedNs }: DelayTimes, endedNs: number): void => {
    const computeInferNs = finishedNs - beganNs;
    statistics.executed({ batchSize: 1, computeInputNs: 0, computeInferNs, computeOutputNs: 0 });
    statistics.succeeded(1, {
      totalNs: endedNs - submittedNs,
      queueNs: beganNs - submittedNs,
      computeInputNs: 0,
      computeInferNs,
      computeOutputNs: endedNs - finishedNs,
    });
  };
  const countFailure = (submittedNs: number, reason: unknown): void =>
    statistics.failed(clock.nowNs() - submittedNs, reason);

  const run = async (
    request: InferRequest,
    signal: CancelSignal,
    submittedNs: number,
  ): Promise<DelayTimes> => {
    if (signal.aborted) throw TransportError.from(signal.reason, "CANCELLED");
    if (closed) throw new TransportError("UNAVAILABLE", CLOSING);
    builtinInput(model, request);
    const beganNs = clock.nowNs();
    if (model.kind !== "delay") return { beganNs, finishedNs: clock.nowNs() };
    const job = { submittedNs, queuedNs: beganNs, elements: 1, delayNs: delayOf(model, request) * 1000 };
    return scheduler.submit(job, { signal, timeoutUs: requestTimeoutUs(request.parameters) });
  };

  const infer = async (
    request: InferRequest,
    signal: CancelSignal,
    submittedNs: number,
  ): Promise<InferResponse> => {
    try {
      const wanted = wantedOutputs(request.outputs);
      const times = await run(request, signal, submittedNs);
      const response = respond(request, submittedNs, times);
      if (!wantsClasses(wanted)) {
        countSuccess(submittedNs, times, times.finishedNs);
        return response;
      }
      // Text by text: with many classes that is no work for the sockets' thread.
      const outputs = await codec.classify(response.outputs, wanted);
      countSuccess(submittedNs, times, clock.nowNs());
      return { ...response, outputs };
    } catch (reason) {
      countFailure(submittedNs, reason);
      throw reason;
    }
  };

  const inferEncoded = async (
    body: EncodedBody,
    signal: CancelSignal,
    submittedNs: number,
  ): Promise<EncodedResponse> => {
    try {
      const { request, form, parseNs } = await codec.parse(body);
      const wanted = wantedOutputs(request.outputs);
      const times = await run(request, signal, submittedNs);
      const { id, parameters, outputs } = respond(request, submittedNs, times);
      const classified = wantsClasses(wanted) ? await codec.classify(outputs, wanted) : outputs;
      const { json, binary, described } = await codec.write(classified, form);
      countSuccess(submittedNs, times, clock.nowNs());
      const queueNs = times.beganNs - submittedNs;
      return {
        modelName: name,
        modelVersion: VERSION,
        id,
        // Parsing went before the queue on another thread: it is decode, and both ways to that thread are queue.
        parameters: { [DECODE_NS]: parseNs, ...parameters, [QUEUE_NS]: queueNs - parseNs },
        outputs: json,
        binary,
        described,
        finishedNs: times.finishedNs,
      };
    } catch (reason) {
      countFailure(submittedNs, reason);
      throw reason;
    }
  };

  const metadata = builtinMetadata(model);
  return {
    metadata,
    configuration: describeConfiguration(metadata, { ...options, maxBatchSize: 0 }),
    executionProvider: "builtin",
    deviceNotes: [],
    isReady: () => !closed,
    statistics: () => ({ ...statistics.read(), pendingCount: scheduler.waiting }),
    infer,
    inferEncoded,
    async close() {
      closed = true;
      await scheduler.close(CLOSING);
    },
  };
}
