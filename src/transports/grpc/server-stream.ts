import type * as grpc from "@grpc/grpc-js";
import { Cancellation } from "../../core/cancellation.ts";
import { clockId, monotonicClock } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import { encodeInferResponse } from "../../core/oip/protobuf.ts";
import { encodeStreamAnswer } from "../../core/oip/protobuf-stream.ts";
import { type Parameters, STATUS, timedParameters } from "../../core/parameters.ts";
import type { ServingCore } from "../../core/serving-core.ts";
import type { ServeOptions } from "../../core/transport.ts";
import type { Arrival } from "./arrival.ts";
import { writeStreamResponse } from "./codec.ts";
import { asksFinalResponse, FINAL_RESPONSE } from "./final-response.ts";
import { type MessageForm, type OutgoingMessage, outgoingMessage } from "./message.ts";
import { servedTeller } from "./served-teller.ts";
import { writeFailure } from "./status.ts";

/** Triton's metadata: `true` ends the stream with gRPC's own status at the first failure. */
const REAL_STATUS = "triton_grpc_error";
const { nowNs } = monotonicClock;

/** What answers the streams of a server. */
export interface StreamService {
  readonly handle: grpc.handleBidiStreamingCall<Arrival, OutgoingMessage>;
  /** Ends each stream as soon as what is in flight on it has been answered: an idle one would hold the server up. */
  drain(): void;
}

/**
 * Answers the requests of a stream as they are done, in any order, each with its id. A failed one is a message with
 * `error_message` (and the status as a parameter of ours), which leaves the stream open.
 *
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_sequence.md
 */
export function createStreamService(
  core: ServingCore,
  form: MessageForm,
  { maxPayloadBytes, onServed }: Pick<ServeOptions, "maxPayloadBytes" | "onServed">,
): StreamService {
  const clock = { nowNs, clockId: clockId() };
  const open = new Set<() => void>();
  let isDraining = false;

  const handle: StreamService["handle"] = (call) => {
    const wantsStatus = call.metadata.get(REAL_STATUS).includes("true");
    const gone = new Cancellation();
    let inFlight = 0;
    let hasEnded = isDraining;
    let isOver = false;

    const endIfDone = (): void => {
      if (!hasEnded || inFlight > 0 || isOver) return;
      isOver = true;
      open.delete(end);
      call.end();
    };
    const end = (): void => {
      hasEnded = true;
      endIfDone();
    };
    const giveUp = (reason: TransportError): void => {
      isOver = true;
      open.delete(end);
      gone.abort(reason);
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
      if (isOver) return;
      const failure = writeFailure(reason);
      if (wantsStatus) {
        giveUp(new TransportError("CANCELLED", "the stream has ended"));
        call.emit("error", failure);
        return;
      }
      const { status } = TransportError.from(reason, "INTERNAL");
      const empty = { modelName, modelVersion: "", id, parameters: { [STATUS]: status }, outputs: [] };
      write(outgoingMessage(encodeStreamAnswer(encodeInferResponse(empty), failure.details), form));
    };
    const answer = async (arrival: Arrival): Promise<void> => {
      const { inNs, request } = arrival;
      const tell = servedTeller(onServed, "grpc-stream", call, arrival);
      if (request instanceof TransportError) {
        fail(request, "", "");
        tell(request);
        return;
      }
      try {
        const decodeNs = nowNs() - inNs;
        const served = await core.infer(request, gone);
        let parameters: Parameters | undefined;
        const takeParameters = (): Parameters => {
          const timed = timedParameters(served, { inNs, decodeNs, ...clock });
          parameters = asksFinalResponse(request.parameters) ? { [FINAL_RESPONSE]: true, ...timed } : timed;
          return parameters;
        };
        const message = writeStreamResponse(served, takeParameters, form, maxPayloadBytes);
        write(message);
        tell(undefined, { served, parameters, message });
      } catch (reason) {
        fail(reason, request.modelName, request.id);
        tell(reason);
      }
    };

    open.add(end);
    call.on("data", (arrival: Arrival) => {
      if (isOver) return;
      inFlight += 1;
      void answer(arrival).finally(() => {
        inFlight -= 1;
        endIfDone();
      });
    });
    call.on("end", end);
    call.on("cancelled", () => giveUp(new TransportError("CANCELLED", "the client cancelled the stream")));
  };

  return {
    handle,
    drain() {
      isDraining = true;
      for (const end of [...open]) end();
    },
  };
}
