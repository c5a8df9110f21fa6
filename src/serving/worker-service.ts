import { parentPort } from "node:worker_threads";
import { BenchError, messageOf, TransportError } from "../core/errors.ts";
import { postWithBuffers } from "./tensor-transfer.ts";
import type { CallFailure, CallMessage, ReplyMessage } from "./worker-calls.ts";

/** An answer and the buffers that move with it. */
export interface ServiceAnswer<A> {
  readonly answer: A;
  readonly buffers: readonly ArrayBuffer[];
}

/** What a worker thread does for its parent. */
export interface WorkerService<Q, A, R> {
  /** Told to the parent. */
  readonly ready: R;
  /** May overlap. A rejection becomes the answer to that call. */
  handle(request: Q): ServiceAnswer<A> | Promise<ServiceAnswer<A>>;
  /** Nothing runs any more: free what is held. */
  release(): Promise<void>;
}

/**
 * The entry of a worker thread: opens the service, says that it is ready (or why not), answers calls, and ends when told to,
 * after the last call.
 */
export async function runWorkerService<Q, A, R>(open: () => Promise<WorkerService<Q, A, R>>): Promise<void> {
  const port = parentPort;
  if (port === null) throw new BenchError("ERR_SERVING", "this file is the entry of a worker thread");
  const post = (message: ReplyMessage<A, R>, buffers: readonly ArrayBuffer[] = []): void =>
    postWithBuffers(port, message, buffers);
  let service: WorkerService<Q, A, R>;
  try {
    service = await open();
  } catch (reason) {
    post({ kind: "failed", failure: failureOf(reason) });
    port.close();
    return;
  }
  const running = new Set<Promise<void>>();
  const answer = async (id: number, request: Q): Promise<void> => {
    try {
      const { answer, buffers } = await service.handle(request);
      post({ kind: "answer", id, answer }, buffers);
    } catch (reason) {
      post({ kind: "error", id, failure: failureOf(reason) });
    }
  };
  const end = async (): Promise<void> => {
    await Promise.all(running);
    await service.release();
    port.close();
  };
  port.on("message", (message: CallMessage<Q>) => {
    if (message.kind === "close") {
      void end();
      return;
    }
    const call = answer(message.id, message.request);
    running.add(call);
    void call.finally(() => running.delete(call));
  });
  post({ kind: "ready", value: service.ready });
}

function failureOf(reason: unknown): CallFailure {
  if (reason instanceof TransportError) {
    return { code: reason.code, status: reason.status, message: reason.message };
  }
  return { code: reason instanceof BenchError ? reason.code : "ERR_SERVING", message: messageOf(reason) };
}
