import type { Clock } from "../../../src/core/clock.ts";
import type { InferRequest, InferResponse } from "../../../src/core/inference.ts";
import type { InferenceClient, InferOptions } from "../../../src/core/transport.ts";
import type { LoadContext } from "../../../src/load/load-context.ts";
import { createRecorder } from "../../../src/recording/recorder.ts";

/** A clock that moves by a little with every look at it, and by what is added. */
export interface MadeClock extends Clock {
  advance(ns: number): void;
}

export function madeClock(perLookNs = 10_000): MadeClock {
  let now = 1e12;
  return {
    nowNs: () => {
      now += perLookNs;
      return now;
    },
    advance: (ns) => {
      now += ns;
    },
  };
}

/** A client whose answers are what `behave` says. */
export function madeClient(
  behave: (request: InferRequest, options: InferOptions) => Promise<Partial<InferResponse>>,
): InferenceClient {
  const notHere = (): never => {
    throw new Error("not part of this test");
  };
  return {
    protocolVersion: "",
    infer: async (request, options) => ({
      modelName: "null",
      modelVersion: "1",
      id: request.id,
      outputs: [],
      ...(await behave(request, options)),
    }),
    serverMetadata: notHere,
    modelMetadata: notHere,
    close: async () => {},
    destroy: async () => {},
  };
}

export function madeContext(clock: Clock, more: Partial<LoadContext> = {}): LoadContext {
  return {
    clients: [madeClient(async () => ({}))],
    frameCount: 3,
    prepare: (_frameIndex, id) => ({ request: { modelName: "null", id, inputs: [] } }),
    recorder: createRecorder({ clockId: "ours" }),
    clock,
    timeoutMs: 1000,
    idPrefix: "t-",
    signal: new AbortController().signal,
    ...more,
  };
}

/** Lets the event loop turn a few times. */
export async function turns(count = 3): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
