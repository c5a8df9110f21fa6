import { TransportError } from "../../core/errors.ts";
import { type InferRequest, type InferResponse, withParameters } from "../../core/inference.ts";
import { encodeInferRequest } from "../../core/oip/protobuf.ts";
import { type Parameters, TIMEOUT_US } from "../../core/parameters.ts";
import type { ConnectOptions, InferenceClient, InferOptions } from "../../core/transport.ts";
import { createUnaryClient } from "./client.ts";
import { checkLimit } from "./codec.ts";
import { openConnection } from "./connection.ts";
import { ASK_FINAL_RESPONSE } from "./final-response.ts";
import { type OutgoingMessage, outgoingMessage } from "./message.ts";
import { StreamCall } from "./stream-call.ts";

/**
 * Connects to a gRPC server of the Open Inference Protocol whose requests shall all go through one stream of the
 * connection (`ModelStreamInfer`). It is opened by the first request; when it breaks, the requests in flight fail with
 * UNAVAILABLE and the next one opens another. What else a client asks goes by unary calls of the same connection.
 *
 * A request that is given up cannot be taken back: the server is told its deadline beforehand (Triton's `timeout`), and an
 * answer that still comes is written into its marks.
 *
 * @throws {TransportError} UNAVAILABLE when nobody answers.
 */
export async function connectGrpcStream(endpoint: string, options: ConnectOptions): Promise<InferenceClient> {
  const { maxPayloadBytes, tuning } = options;
  const client = await openConnection(endpoint, options);
  const unary = createUnaryClient(client, endpoint, options);
  const form = tuning === "tuned" ? "lazy" : "plain";
  /** The one that takes requests, and those that are ending. */
  const streams = new Set<StreamCall>();
  const decoupled = new Set<string>();
  let current: StreamCall | undefined;
  let isClosed = false;
  let closing: Promise<void> | undefined;

  const onOver = (stream: StreamCall): void => {
    if (current === stream) current = undefined;
    // Not at once: answers that came with its end are given out in between.
    void stream.whenIdle().then(() => streams.delete(stream));
  };
  const openStream = (): StreamCall => {
    current = new StreamCall(client, endpoint, onOver);
    streams.add(current);
    return current;
  };
  const cancelAll = (): void => {
    const closed = new TransportError("CANCELLED", "the client is closed");
    for (const stream of streams) stream.cancel(closed);
  };
  const close = async (): Promise<void> => {
    await Promise.all([...streams].map((stream) => stream.whenIdle()));
    // Those that were given up are no longer waited for.
    cancelAll();
    await unary.close();
  };

  return {
    ...unary,
    infer(request, options: InferOptions): Promise<InferResponse> {
      const { marks, signal } = options;
      if (isClosed) return Promise.reject(new TransportError("CANCELLED", "the client is closed"));
      if (signal?.aborted === true) return Promise.reject(TransportError.from(signal.reason));
      const isDecoupled = decoupled.has(request.modelName);
      try {
        const parameters = streamParameters(request, options.deadlineMs, isDecoupled);
        const encoded = encodeInferRequest(withParameters(request, parameters));
        marks.requestPayloadBytes = encoded.byteLength;
        checkLimit("request", encoded, maxPayloadBytes);
        const message: OutgoingMessage = outgoingMessage(encoded, form);
        return (current ?? openStream()).send(request.id, message, options, isDecoupled);
      } catch (reason) {
        return Promise.reject(TransportError.from(reason, "INTERNAL"));
      }
    },
    async modelMetadata(modelName, modelVersion) {
      const metadata = await unary.modelMetadata(modelName, modelVersion);
      if (await unary.isDecoupled(modelName)) decoupled.add(modelName);
      return metadata;
    },
    close() {
      isClosed = true;
      closing ??= close();
      return closing;
    },
    destroy() {
      isClosed = true;
      cancelAll();
      return unary.destroy();
    },
  };
}

/** A call has a deadline, a request of a stream has none: it travels as a parameter. */
function streamParameters(
  { parameters }: InferRequest,
  deadlineMs: number,
  isDecoupled: boolean,
): Parameters | undefined {
  const timeoutUs = Math.max(1, Math.round(deadlineMs * 1_000));
  const timed = Number.isSafeInteger(timeoutUs) ? { [TIMEOUT_US]: timeoutUs, ...parameters } : parameters;
  return isDecoupled ? { [ASK_FINAL_RESPONSE]: true, ...timed } : timed;
}
