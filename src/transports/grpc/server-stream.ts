import type * as grpc from "@grpc/grpc-js";
import { clockId, monotonicClock } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import { encodeInferResponse } from "../../core/oip/protobuf.ts";
import { encodeStreamAnswer } from "../../core/oip/protobuf-stream.ts";
import { timedParameters } from "../../core/parameters.ts";
import type { ServingCore } from "../../core/serving-core.ts";
import type { Arrival } from "./arrival.ts";
import { checkLimit } from "./codec.ts";
import { type MessageForm, type OutgoingMessage, outgoingMessage } from "./message.ts";
import { writeFailure } from "./status.ts";

/** Triton's metadata: `true` ends the stream with gRPC's own status at the first failure. */
const REAL_STATUS = "triton_grpc_error";
const { nowNs } = monotonicClock;

/**
 * Answers the requests of a stream as they are done, in any order, each with its id. A failed one is a message with
 * `error_message`, which leaves the stream open.
 *
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_sequence.md
 */
export function streamHandler(
  core: ServingCore,
  form: MessageForm,
  maxPayloadBytes: number,
): grpc.handleBidiStreamingCall<Arrival, OutgoingMessage> {
  const clock = { nowNs, clockId: clockId() };
  return (call) => {
    const wantsStatus = call.metadata.get(REAL_STATUS).includes("true");
    const gone = new AbortController();
    let inFlight = 0;
    let hasEnded = false;
    let isOver = false;

    const endIfDone = (): void => {
      if (!hasEnded || inFlight > 0 || isOver) return;
      isOver = true;
      call.end();
    };
    const write = (message: OutgoingMessage): void => {
      if (isOver || call.cancelled) return;
      // A client that does not read its answers gets to send no more requests.
      if (!call.write(message) && !call.isPaused()) {
        call.pause();
        call.once("drain", () => call.resume());
      }
    };
    const fail = (reason: unknown, modelName: string, id: string): void => {
      const failure = writeFailure(reason);
      if (wantsStatus) {
        isOver = true;
        gone.abort(new TransportError("CANCELLED", "the stream has ended"));
        call.emit("error", failure);
        return;
      }
      const empty = encodeInferResponse({ modelName, modelVersion: "", id, outputs: [] });
      write(outgoingMessage(encodeStreamAnswer(empty, failure.details), form));
    };
    const answer = async ({ inNs, request }: Arrival): Promise<void> => {
      if (request instanceof TransportError) {
        fail(request, "", "");
        return;
      }
      try {
        const decodeNs = nowNs() - inNs;
        const served = await core.infer(request, gone.signal);
        const parameters = timedParameters(served, { inNs, decodeNs, ...clock });
        const message = encodeInferResponse({ ...served, parameters });
        checkLimit("answer", message, maxPayloadBytes);
        write(outgoingMessage(encodeStreamAnswer(message), form));
      } catch (reason) {
        fail(reason, request.modelName, request.id);
      }
    };

    call.on("data", (arrival: Arrival) => {
      if (isOver) return;
      inFlight += 1;
      void answer(arrival).finally(() => {
        inFlight -= 1;
        endIfDone();
      });
    });
    call.on("end", () => {
      hasEnded = true;
      endIfDone();
    });
    call.on("cancelled", () => {
      isOver = true;
      gone.abort(new TransportError("CANCELLED", "the client cancelled the stream"));
    });
  };
}
