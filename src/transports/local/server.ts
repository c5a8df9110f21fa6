import type { Cancellation, CancelSignal } from "../../core/cancellation.ts";
import { clockId, monotonicClock } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import { InFlightMap } from "../../core/in-flight.ts";
import type { InferRequest, InferResponse } from "../../core/inference.ts";
import { timedParameters } from "../../core/parameters.ts";
import type { ServingCore } from "../../core/serving-core.ts";
import type { InferenceServer, ServeOptions } from "../../core/transport.ts";
import { overLimit, payloadBytes, withoutMark } from "./codec.ts";
import { type LocalListener, register, unregister } from "./registry.ts";

const CLOSE_TIMEOUT_MS = 5000;

/** Registers a core for the clients of this process. */
export function serveLocal(core: ServingCore, options: ServeOptions): InferenceServer {
  const clock = { nowNs: monotonicClock.nowNs, clockId: clockId() };
  const inFlight = new InFlightMap<Promise<unknown>, Cancellation>();
  let closed: Promise<void> | undefined;

  const infer = async (request: InferRequest, signal: CancelSignal): Promise<InferResponse> => {
    const inNs = clock.nowNs();
    const served = await core.infer(request, signal);
    const tooLarge = overLimit("answer", payloadBytes(served.outputs), options.maxPayloadBytes);
    if (tooLarge !== undefined) throw tooLarge;
    const parameters = timedParameters(served, { inNs, decodeNs: 0, ...clock });
    return withoutMark({ ...served, parameters });
  };

  const listener: LocalListener = {
    maxPayloadBytes: options.maxPayloadBytes,
    infer(request, gone) {
      const answer = infer(request, gone);
      inFlight.set(answer, gone);
      const forget = (): void => {
        inFlight.delete(answer);
      };
      answer.then(forget, forget);
      return answer;
    },
    serverMetadata: () => core.serverMetadata(),
    modelMetadata: (modelName, modelVersion) => core.modelMetadata(modelName, modelVersion),
  };
  const endpoint = register(listener);

  const close = async (): Promise<void> => {
    unregister(endpoint);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    });
    await Promise.race([Promise.allSettled([...inFlight].map(([answer]) => answer)), late]);
    clearTimeout(timer);
    const reason = new TransportError("UNAVAILABLE", "the server was closed");
    for (const [, gone] of inFlight) gone.abort(reason);
  };
  return {
    endpoint,
    notes: [],
    close() {
      closed ??= close();
      return closed;
    },
  };
}
