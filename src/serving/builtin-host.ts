import type { Clock } from "../core/clock.ts";
import { TransportError } from "../core/errors.ts";
import type { InferRequest, InferResponse } from "../core/inference.ts";
import { DECODE_NS, INFER_NS, QUEUE_NS } from "../core/parameters.ts";
import type { EncodedResponse } from "../core/serving-core.ts";
import { type BuiltinModel, builtinInput, builtinMetadata, builtinOutputs, delayOf } from "./builtin.ts";
import type { CodecClient } from "./codec-client.ts";
import { createDelayInstance, type DelayJob, type DelayTimes } from "./delay-instance.ts";
import { CLOSING, type EncodedBody, type ModelHost } from "./model-host.ts";
import { requestTimeoutUs } from "./request-timeout.ts";
import { Scheduler } from "./scheduler.ts";
import { createStatistics } from "./statistics.ts";

const VERSION = "1";

/** Serves a built-in model on the calling thread; text bodies are read and written by the codec's worker. */
export function createBuiltinHost(
  model: BuiltinModel,
  options: {
    readonly codec: CodecClient;
    readonly instances: number;
    readonly maxQueue: number;
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

  const respond = (request: InferRequest, submittedNs: number, { beganNs, finishedNs }: DelayTimes) => {
    const queueNs = beganNs - submittedNs;
    const inferNs = finishedNs - beganNs;
    statistics.executed({ batchSize: 1, computeInputNs: 0, computeInferNs: inferNs, computeOutputNs: 0 });
    statistics.succeeded(1, {
      totalNs: finishedNs - submittedNs,
      queueNs,
      computeInputNs: 0,
      computeInferNs: inferNs,
      computeOutputNs: 0,
    });
    return {
      modelName: name,
      modelVersion: VERSION,
      id: request.id,
      parameters: { [QUEUE_NS]: queueNs, [INFER_NS]: inferNs },
      outputs: builtinOutputs(model, request.inputs[0]!),
      finishedNs,
    };
  };

  const infer = async (
    request: InferRequest,
    signal: AbortSignal,
    submittedNs: number,
  ): Promise<InferResponse> => {
    try {
      if (signal.aborted) throw TransportError.from(signal.reason, "CANCELLED");
      if (closed) throw new TransportError("UNAVAILABLE", CLOSING);
      builtinInput(model, request);
      if (model.kind !== "delay") {
        const beganNs = clock.nowNs();
        return respond(request, submittedNs, { beganNs, finishedNs: clock.nowNs() });
      }
      const queuedNs = clock.nowNs();
      const job = { submittedNs, queuedNs, elements: 1, delayNs: delayOf(model, request) * 1000 };
      const timeoutUs = requestTimeoutUs(request.parameters);
      return respond(request, submittedNs, await scheduler.submit(job, { signal, timeoutUs }));
    } catch (reason) {
      statistics.failed(clock.nowNs() - submittedNs);
      throw reason;
    }
  };

  const inferEncoded = async (
    body: EncodedBody,
    signal: AbortSignal,
    submittedNs: number,
  ): Promise<EncodedResponse> => {
    const { request, binaryOutputs, parseNs } = await codec.parse(body);
    const response = await infer(request, signal, submittedNs);
    const { json, binary } = await codec.write(response.outputs, binaryOutputs);
    const queueNs = Number(response.parameters?.[QUEUE_NS]);
    return {
      modelName: name,
      modelVersion: VERSION,
      id: request.id,
      // Parsing went before the queue on another thread: it is decode, and both ways to that thread are queue.
      parameters: { ...response.parameters, [DECODE_NS]: parseNs, [QUEUE_NS]: queueNs - parseNs },
      outputs: json,
      binary,
      finishedNs: response.finishedNs ?? clock.nowNs(),
    };
  };

  return {
    metadata: builtinMetadata(model),
    executionProvider: "builtin",
    deviceNotes: [],
    isReady: () => !closed,
    statistics: () => statistics.read(),
    infer,
    inferEncoded,
    async close() {
      closed = true;
      await scheduler.close(CLOSING);
    },
  };
}
