import { Cancellation } from "../../core/cancellation.ts";
import { monotonicClock } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import { InFlightMap } from "../../core/in-flight.ts";
import type { InferRequest, InferResponse } from "../../core/inference.ts";
import type { ConnectOptions, InferenceClient, InferOptions } from "../../core/transport.ts";
import { copyRequest, overLimit, payloadBytes } from "./codec.ts";
import { find, type LocalListener } from "./registry.ts";

/** The longest that Node's timers can wait; a longer deadline is none. */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * Connects to a server of this process.
 * @throws {TransportError} UNAVAILABLE when nothing listens at the endpoint.
 */
export function connectLocal(endpoint: string, options: ConnectOptions): InferenceClient {
  const inFlight = new InFlightMap<Promise<InferResponse>, (reason: TransportError) => void>();
  let isClosed = false;

  const listener = (): LocalListener => {
    if (isClosed) throw new TransportError("CANCELLED", "the client is closed");
    const found = find(endpoint);
    if (found === undefined) throw new TransportError("UNAVAILABLE", `no server listens at ${endpoint}`);
    return found;
  };
  listener();

  /** Settles with the answer, or with the first of deadline, abort and destroy; the core is told of these. */
  const send = (
    server: LocalListener,
    request: InferRequest,
    { marks, signal, deadlineMs }: InferOptions,
  ): Promise<InferResponse> => {
    const gone = new Cancellation();
    let giveUp: (reason: TransportError) => void = () => undefined;
    const answer = new Promise<InferResponse>((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const onAbort = (): void => giveUp(TransportError.from(signal?.reason));
      const settle = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        inFlight.delete(answer);
      };
      giveUp = (reason) => {
        settle();
        reject(reason);
        gone.abort(reason);
      };
      if (deadlineMs <= MAX_TIMER_MS) {
        timer = setTimeout(() => {
          giveUp(new TransportError("DEADLINE_EXCEEDED", `no answer within ${deadlineMs} ms`));
        }, deadlineMs);
      }
      signal?.addEventListener("abort", onAbort, { once: true });
      server.infer(request, gone).then(
        (response) => {
          // Also of a request that was given up: then its answer was late.
          marks.receivedNs = monotonicClock.nowNs();
          settle();
          const bytes = payloadBytes(response.outputs);
          marks.responsePayloadBytes = bytes;
          const tooLarge = overLimit("answer", bytes, options.maxPayloadBytes);
          if (tooLarge === undefined) resolve(response);
          else reject(tooLarge);
        },
        (reason: unknown) => {
          if (!gone.aborted) marks.receivedNs = monotonicClock.nowNs();
          settle();
          reject(TransportError.from(reason, "INTERNAL"));
        },
      );
    });
    inFlight.set(answer, giveUp);
    return answer;
  };

  return {
    protocolVersion: "",
    async infer(request, inferOptions) {
      const { signal, marks } = inferOptions;
      if (signal?.aborted === true) throw TransportError.from(signal.reason);
      const server = listener();
      const bytes = payloadBytes(request.inputs);
      marks.requestPayloadBytes = bytes;
      const tooLarge = overLimit("request", bytes, Math.min(options.maxPayloadBytes, server.maxPayloadBytes));
      if (tooLarge !== undefined) throw tooLarge;
      const copied = copyRequest(request);
      marks.sentNs = monotonicClock.nowNs();
      return send(server, copied, inferOptions);
    },
    async serverMetadata() {
      return listener().serverMetadata();
    },
    async modelMetadata(modelName, modelVersion) {
      return listener().modelMetadata(modelName, modelVersion);
    },
    async close() {
      isClosed = true;
      await Promise.allSettled([...inFlight].map(([answer]) => answer));
    },
    destroy() {
      isClosed = true;
      const reason = new TransportError("CANCELLED", "the client was destroyed");
      for (const [, giveUp] of inFlight) giveUp(reason);
      return Promise.resolve();
    },
  };
}
