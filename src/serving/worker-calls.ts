import { Worker } from "node:worker_threads";
import { BenchError, type ErrorCode, messageOf, ServingError, TransportError } from "../core/errors.ts";
import { InFlightMap } from "../core/in-flight.ts";
import type { FailureStatus } from "../core/status.ts";
import { postWithBuffers } from "./tensor-transfer.ts";

/** To a worker: calls, then one `close`. */
export type CallMessage<Q> =
  | { readonly kind: "call"; readonly id: number; readonly request: Q }
  | { readonly kind: "close" };

/** An error as plain data. */
export interface CallFailure {
  readonly code: ErrorCode;
  /** Of a `TransportError`. */
  readonly status?: FailureStatus | undefined;
  readonly message: string;
}

/** From a worker: `ready` or `failed` once, then an answer to every call in any order. */
export type ReplyMessage<A, R> =
  | { readonly kind: "ready"; readonly value: R }
  | { readonly kind: "failed"; readonly failure: CallFailure }
  | { readonly kind: "answer"; readonly id: number; readonly answer: A }
  | { readonly kind: "error"; readonly id: number; readonly failure: CallFailure };

/** The calling side of a worker thread that answers calls. */
export interface WorkerCalls<Q, A, R> {
  /** What the worker said when it was ready. */
  readonly ready: R;
  /**
   * @param buffers - moved to the worker where they can be.
   * @throws {TransportError} the worker's, or UNAVAILABLE when it has ended.
   */
  call(request: Q, buffers: readonly ArrayBuffer[]): Promise<A>;
  /** Waits for the calls in flight, then has the worker release what it holds and end; it is never terminated. Idempotent. */
  close(): Promise<void>;
}

export interface WorkerCallsOptions {
  /** The worker's built entry. */
  readonly entry: URL;
  /** Plain data for the worker. */
  readonly workerData: unknown;
  /** Named in errors: `the worker of model 'm1-small'`. */
  readonly what: string;
  /** Called once when the worker ends without having been asked to. */
  readonly onDeath?: ((message: string) => void) | undefined;
}

interface PendingCall<A> {
  resolve(answer: A): void;
  reject(reason: unknown): void;
}

/**
 * Starts a worker and waits until it is ready.
 * @throws {BenchError} what the worker reports, ERR_SERVING when it dies before.
 */
export function startWorkerCalls<Q, A, R>(options: WorkerCallsOptions): Promise<WorkerCalls<Q, A, R>> {
  const { what } = options;
  const worker = new Worker(options.entry, { workerData: options.workerData });
  const pending = new InFlightMap<number, PendingCall<A>>();
  let nextId = 0;
  let dead: string | undefined;
  let closing: Promise<void> | undefined;
  let whenEmpty: (() => void) | undefined;
  const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));

  const settle = (id: number): PendingCall<A> | undefined => {
    const call = pending.get(id);
    pending.delete(id);
    if (pending.size === 0) whenEmpty?.();
    return call;
  };
  const bury = (message: string): void => {
    if (dead !== undefined) return;
    dead = message;
    for (const [id] of pending) settle(id)?.reject(new TransportError("UNAVAILABLE", message));
  };

  const call = (request: Q, buffers: readonly ArrayBuffer[]): Promise<A> =>
    new Promise((resolve, reject) => {
      if (dead !== undefined || closing !== undefined) {
        throw new TransportError("UNAVAILABLE", dead ?? `${what} is closing`);
      }
      const id = nextId++;
      const message: CallMessage<Q> = { kind: "call", id, request };
      postWithBuffers(worker, message, buffers);
      pending.set(id, { resolve, reject });
    });
  const close = async (): Promise<void> => {
    if (pending.size > 0) {
      await new Promise<void>((resolve) => {
        whenEmpty = resolve;
      });
    }
    if (dead === undefined) worker.postMessage({ kind: "close" } satisfies CallMessage<Q>);
    await exited;
  };

  return new Promise((resolve, reject) => {
    worker.on("message", (message: ReplyMessage<A, R>) => {
      switch (message.kind) {
        case "ready":
          resolve({ ready: message.value, call, close: () => (closing ??= close()) });
          break;
        case "failed":
          dead = message.failure.message;
          reject(errorOf(message.failure));
          break;
        case "answer":
          settle(message.id)?.resolve(message.answer);
          break;
        case "error":
          settle(message.id)?.reject(errorOf(message.failure));
          break;
      }
    });
    const onEnd = (why: string): void => {
      if (closing !== undefined && pending.size === 0) return;
      if (dead !== undefined) return;
      const message = `${what} ended by itself: ${why}`;
      bury(message);
      reject(new ServingError("ERR_SERVING", message));
      options.onDeath?.(message);
    };
    worker.on("error", (cause) => onEnd(messageOf(cause)));
    worker.on("messageerror", (cause) => onEnd(messageOf(cause)));
    worker.on("exit", (code) => onEnd(`exit code ${code}`));
  });
}

function errorOf({ code, status, message }: CallFailure): BenchError {
  if (status !== undefined) return new TransportError(status, message);
  if (code === "ERR_MODEL" || code === "ERR_DEVICE" || code === "ERR_SERVING") {
    return new ServingError(code, message);
  }
  return new BenchError(code, message);
}
