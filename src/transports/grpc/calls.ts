import * as grpc from "@grpc/grpc-js";
import { monotonicClock } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import { InFlightSet } from "../../core/in-flight.ts";
import type { Marks, Tuning } from "../../core/transport.ts";
import { readFailure } from "./status.ts";

const { nowNs } = monotonicClock;
/** The library copies it for each call. */
const NO_METADATA = new grpc.Metadata();

/** One unary call, its message encoded already. */
export interface Call<Message, Answer> {
  readonly path: string;
  readonly serialize: (message: Message) => Buffer;
  /** An error that it returns fails the call. */
  readonly deserialize: (bytes: Buffer) => Answer | TransportError;
  readonly argument: Message;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  /** `sentNs` is written here, and `receivedNs` for an answer that is a failure. */
  readonly marks?: Marks | undefined;
  /** Sent with the call. @default none */
  readonly metadata?: grpc.Metadata | undefined;
  /** Called with the trailing metadata, before an answer that came is given to the caller. */
  readonly onTrailer?: ((trailer: grpc.Metadata) => void) | undefined;
}

/** The calls of one client. */
export interface Calls {
  /** @throws {TransportError} */
  start<Message, Answer>(call: Call<Message, Answer>): Promise<Answer>;
  /** As of `InferenceClient`. */
  close(): Promise<void>;
  destroy(): Promise<void>;
}

/** Keeps the calls in flight, so that each ends exactly once, whoever ends it. */
export function createCalls(client: grpc.Client, endpoint: string, tuning: Tuning): Calls {
  const inFlight = new InFlightSet<(reason: TransportError) => void>();
  let isClosed = false;
  let isReleased = false;
  let onIdle: (() => void) | undefined;
  let closing: Promise<void> | undefined;

  const release = (): void => {
    if (isReleased) return;
    isReleased = true;
    client.close();
  };

  const start = <Message, Answer>(call: Call<Message, Answer>): Promise<Answer> =>
    new Promise<Answer>((resolve, reject) => {
      if (isClosed) {
        reject(new TransportError("CANCELLED", "the client is closed"));
        return;
      }
      const { signal, marks, deadlineMs } = call;
      let isSettled = false;

      const settle = (): void => {
        isSettled = true;
        inFlight.delete(giveUp);
        signal?.removeEventListener("abort", onAbort);
        if (inFlight.size === 0) onIdle?.();
      };
      const giveUp = (reason: TransportError): void => {
        if (isSettled) return;
        settle();
        reject(reason);
        handle.cancel();
        // grpc-js starts a call some microtasks later, even one that was cancelled before: that needs it once more.
        setImmediate(() => handle.cancel());
      };
      const onAbort = (): void => giveUp(TransportError.from(signal?.reason));

      inFlight.add(giveUp);
      signal?.addEventListener("abort", onAbort, { once: true });
      if (marks !== undefined) marks.sentNs = nowNs();
      const onAnswer = (error: grpc.ServiceError | null, answer?: Answer | TransportError): void => {
        if (isSettled) return;
        settle();
        if (error !== null) {
          const failure = readFailure(error, endpoint, deadlineMs);
          if (marks !== undefined) marks.receivedNs = failure.answered ? nowNs() : 0;
          reject(failure.error);
        } else if (answer === undefined || answer instanceof TransportError) {
          reject(answer ?? new TransportError("INTERNAL", "the server sent no message"));
        } else resolve(answer);
      };
      const { path, serialize, deserialize, argument, metadata = NO_METADATA } = call;
      const options = { deadline: Date.now() + deadlineMs };
      const make = (): grpc.ClientUnaryCall =>
        client.makeUnaryRequest(path, serialize, deserialize, argument, metadata, options, onAnswer);
      const handle = tuning === "tuned" ? withoutStack(make) : make();
      if (call.onTrailer !== undefined) {
        const { onTrailer } = call;
        handle.on("status", ({ metadata }) => onTrailer(metadata));
      }
    });

  const close = async (): Promise<void> => {
    if (inFlight.size > 0) {
      await new Promise<void>((resolve) => {
        onIdle = resolve;
      });
    }
    release();
  };

  return {
    start,
    close() {
      isClosed = true;
      closing ??= close();
      return closing;
    },
    destroy() {
      isClosed = true;
      for (const giveUp of [...inFlight]) giveUp(new TransportError("CANCELLED", "the client was destroyed"));
      release();
      return Promise.resolve();
    },
  };
}

/** grpc-js makes an error with each call, of which only the stack is used, and no failure of ours shows it: 8 to 12 µs. */
function withoutStack<T>(start: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return start();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
