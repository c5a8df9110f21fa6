import * as grpc from "@grpc/grpc-js";
import { monotonicClock } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import type { InferResponse } from "../../core/inference.ts";
import { decodeInferResponse } from "../../core/oip/protobuf.ts";
import { decodeStreamAnswer } from "../../core/oip/protobuf-stream.ts";
import { STATUS } from "../../core/parameters.ts";
import { PendingRequests } from "../../core/pending-requests.ts";
import { isFailureStatus } from "../../core/status.ts";
import type { InferOptions } from "../../core/transport.ts";
import { FINAL_RESPONSE } from "./final-response.ts";
import { type OutgoingMessage, passThrough } from "./message.ts";
import { inferenceService } from "./service.ts";
import { readFailure } from "./status.ts";

const { nowNs } = monotonicClock;
/** The library copies it for each call. */
const NO_METADATA = new grpc.Metadata();

/** A message of the server as it came. */
interface Arrival {
  readonly bytes: Buffer;
  readonly receivedNs: number;
}

/** One `ModelStreamInfer` call: requests go out one after another, answers come in any order and are matched by id. */
export class StreamCall {
  readonly #call: grpc.ClientDuplexStream<OutgoingMessage, Arrival>;
  readonly #endpoint: string;
  readonly #pending = new PendingRequests();
  /** What came so far for requests that may get several responses, by id. */
  readonly #unfinished = new Map<string, InferResponse | undefined>();
  #status: grpc.StatusObject | undefined;

  /** @param onOver - called once, when no request can be sent any more; those in flight may still be answered. */
  constructor(client: grpc.Client, endpoint: string, onOver: (call: StreamCall) => void) {
    this.#endpoint = endpoint;
    this.#call = client.makeBidiStreamRequest<OutgoingMessage, Arrival>(
      inferenceService().ModelStreamInfer.path,
      passThrough,
      (bytes) => ({ bytes, receivedNs: nowNs() }),
      NO_METADATA,
    );
    this.#call.on("data", (arrival: Arrival) => this.#receive(arrival));
    this.#call.on("status", (status) => {
      this.#status = status;
      onOver(this);
    });
    // The status says the same.
    this.#call.on("error", () => undefined);
    // Answers that came with the status are given out before.
    this.#call.on("end", () => this.#end());
  }

  /**
   * Hands a request to the library and waits for its answer.
   *
   * @param isDecoupled - the answer is complete when the server says so, not with the first response.
   */
  send(
    id: string,
    message: OutgoingMessage,
    { marks, signal, deadlineMs }: InferOptions,
    isDecoupled: boolean,
  ): Promise<InferResponse> {
    const answer = this.#pending.add(id, { marks, signal, deadlineMs, leftMs: deadlineMs });
    marks.sentNs = nowNs();
    this.#call.write(message);
    if (!isDecoupled) return answer;
    this.#unfinished.set(id, undefined);
    return answer.finally(() => this.#unfinished.delete(id));
  }

  /** Resolves when no request waits for its answer. */
  whenIdle(): Promise<void> {
    return this.#pending.whenEmpty();
  }

  /** Ends the call; what is in flight fails with `error`. */
  cancel(error: TransportError): void {
    this.#pending.failAll(error);
    this.#call.cancel();
    // grpc-js starts a call some microtasks later, even one that was cancelled before: that needs it once more.
    setImmediate(() => this.#call.cancel());
  }

  #receive({ bytes, receivedNs }: Arrival): void {
    let response: InferResponse;
    let errorMessage: string;
    try {
      const answer = decodeStreamAnswer(bytes);
      errorMessage = answer.errorMessage;
      response = decodeInferResponse(answer.response);
    } catch (reason) {
      const text = `the server's answer is malformed: ${TransportError.from(reason).message}`;
      this.#blame(new TransportError("INTERNAL", text, { cause: reason }), receivedNs, bytes.byteLength);
      return;
    }
    if (errorMessage !== "") {
      // Only servers of ours tell the status; the rest of them have no more than the text.
      const name = response.parameters?.[STATUS];
      const error = new TransportError(isFailureStatus(name) ? name : "UNKNOWN", errorMessage);
      const isKnown = this.#settle(response.id, receivedNs, bytes.byteLength, error);
      if (!isKnown && !isId(response.id)) this.#blame(error, receivedNs, bytes.byteLength);
      return;
    }
    const whole = this.#complete(response);
    if (whole !== undefined) this.#settle(response.id, receivedNs, bytes.byteLength, whole);
  }

  /** The answer that a response completes; `undefined` while more are to come. */
  #complete(response: InferResponse): InferResponse | undefined {
    const { id, parameters, outputs } = response;
    if (!this.#unfinished.has(id)) return response;
    const latest = outputs.length > 0 ? response : this.#unfinished.get(id);
    if (parameters?.[FINAL_RESPONSE] !== false) return latest ?? response;
    this.#unfinished.set(id, latest);
    return undefined;
  }

  /** Ends a request; one that was given up gets its mark only. @returns whether there is one of that id. */
  #settle(
    id: string,
    receivedNs: number,
    payloadBytes: number,
    outcome: InferResponse | TransportError,
  ): boolean {
    const request = this.#pending.take(id);
    if (request === undefined) {
      // A stream cannot take a request back: the answer of one that was given up still comes.
      const marks = this.#pending.takeOverdue(id);
      if (marks !== undefined && !(outcome instanceof TransportError)) marks.receivedNs = receivedNs;
      return marks !== undefined;
    }
    request.marks.receivedNs = receivedNs;
    request.marks.responsePayloadBytes = payloadBytes;
    if (outcome instanceof TransportError) request.reject(outcome);
    else request.resolve(outcome);
    return true;
  }

  /** A failure that does not say whose it is: where more than one may be meant, all fail and the stream is given up. */
  #blame(error: TransportError, receivedNs = 0, payloadBytes = 0): void {
    const id = this.#pending.onlyId;
    if (id !== undefined) {
      this.#settle(id, receivedNs, payloadBytes, error);
      return;
    }
    this.cancel(new TransportError("UNAVAILABLE", `the stream broke: ${error.message}`, { cause: error }));
  }

  #end(): void {
    const { code, details } = this.#status ?? { code: grpc.status.UNAVAILABLE, details: "" };
    if (code === grpc.status.OK) {
      this.#pending.failAll(new TransportError("UNAVAILABLE", "the server ended the stream"));
      return;
    }
    const { error, answered } = readFailure({ code, details }, this.#endpoint, 0);
    this.#blame(error, answered ? nowNs() : 0);
  }
}

/** Triton's word for a request without an id is none either. */
function isId(id: string): boolean {
  return id !== "" && id !== "<id_unknown>";
}
