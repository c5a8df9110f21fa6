import type { IPublishPacket } from "mqtt";
import { monotonicClock } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import { decodeInferResponse } from "../../core/oip/protobuf.ts";
import { PendingRequests } from "../../core/pending-requests.ts";
import { failureOf } from "./codec.ts";
import type { Directory } from "./directory.ts";
import { parseTopic } from "./topics.ts";

/** Nobody reads larger ones to find out whether they are failures. */
const LONGEST_FAILURE_BYTES = 16_384;

/** Ids answered last that are remembered at least, and at most twice as many: what comes twice comes soon. */
const ANSWERED_IDS = 4_096;

/** What arrives on a client's connection: answers, and the retained messages of discovery. */
export class Inbox {
  readonly pending = new PendingRequests();
  readonly #directory: Directory;
  readonly #maxPayloadBytes: number;
  #answered = new Set<string>();
  #answeredBefore = new Set<string>();
  #duplicateAnswers = 0;

  constructor(directory: Directory, maxPayloadBytes: number) {
    this.#directory = directory;
    this.#maxPayloadBytes = maxPayloadBytes;
  }

  /** Answers to requests that had just been answered: QoS 1 allows them, and two servers outside a group make them. */
  get duplicateAnswers(): number {
    return this.#duplicateAnswers;
  }

  readonly onMessage = (topic: string, payload: Buffer, { properties }: IPublishPacket): void => {
    const receivedNs = monotonicClock.nowNs();
    const parsed = parseTopic(topic);
    if (parsed?.kind === "response") {
      const id = parsed.id ?? properties?.correlationData?.toString("utf8");
      if (id !== undefined) this.#answer(id, payload, receivedNs);
      return;
    }
    const wasLive = parsed?.kind === "status" && this.#directory.isLive(parsed.serverId);
    this.#directory.accept(topic, payload);
    if (this.#directory.isDeserted()) {
      this.pending.failAll(
        this.#directory.refusal() ??
          new TransportError("UNAVAILABLE", "the server behind the MQTT broker is gone"),
      );
    } else if (wasLive && !this.#directory.isLive(parsed.serverId)) {
      // Which of the servers a broker gave a request to, it tells nobody.
      this.pending.remark(`the server '${parsed.serverId}' died meanwhile, perhaps with the request`);
    }
  };

  #answer(id: string, payload: Buffer, receivedNs: number): void {
    const request = this.pending.take(id);
    if (request === undefined) {
      // MQTT cannot take a request back: the answer of one that was given up still comes.
      const marks = this.pending.takeOverdue(id);
      if (marks === undefined) {
        if (this.#answered.has(id) || this.#answeredBefore.has(id)) this.#duplicateAnswers += 1;
        return;
      }
      this.#remember(id);
      if (!isFailure(payload)) marks.receivedNs = receivedNs;
      return;
    }
    this.#remember(id);
    request.marks.receivedNs = receivedNs;
    request.marks.responsePayloadBytes = payload.byteLength;
    try {
      if (payload.byteLength > this.#maxPayloadBytes)
        throw tooLarge("answer", payload.byteLength, this.#maxPayloadBytes);
      const response = decodeInferResponse(payload);
      const failure = failureOf(response);
      if (failure !== undefined) throw failure;
      request.resolve(response);
    } catch (error) {
      request.reject(TransportError.from(error, "INTERNAL"));
    }
  }

  #remember(id: string): void {
    if (this.#answered.size >= ANSWERED_IDS) {
      // Deleting the oldest one by one from a set that is always full takes longer with each.
      this.#answeredBefore = this.#answered;
      this.#answered = new Set();
    }
    this.#answered.add(id);
  }
}

/** Whether a late answer says no more than that there is none. */
function isFailure(payload: Buffer): boolean {
  if (payload.byteLength > LONGEST_FAILURE_BYTES) return false;
  try {
    return failureOf(decodeInferResponse(payload)) !== undefined;
  } catch {
    return true;
  }
}

/** A message that the client's own limit forbids. */
export function tooLarge(what: "request" | "answer", bytes: number, limit: number): TransportError {
  return new TransportError(
    "RESOURCE_EXHAUSTED",
    `the ${what} has ${bytes} bytes, more than the payload limit of ${limit} bytes`,
  );
}
