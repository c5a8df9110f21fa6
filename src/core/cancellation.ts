import { setMaxListeners } from "node:events";

/**
 * Tells a serving core, or whoever works for a caller, that the caller no longer waits. An `AbortSignal` is one.
 *
 * @see https://nodejs.org/docs/latest-v20.x/api/globals.html#class-abortsignal
 */
export interface CancelSignal extends EventTarget {
  readonly aborted: boolean;
  /** What it was aborted with. */
  readonly reason: unknown;
  throwIfAborted(): void;
}

/**
 * An `AbortController` and its signal in one, for what happens with every request. Node gives each `AbortSignal` its prototype
 * after it was made, and with that a hidden class of its own, which keeps it, and all that it holds, until the old generation
 * is swept, and every collection of the young one takes longer for it.
 */
export class Cancellation extends EventTarget implements CancelSignal {
  aborted = false;
  reason: unknown;

  constructor() {
    super();
    // As many as it has requests to tell, without a warning; an AbortSignal has no limit either.
    setMaxListeners(0, this);
  }

  /** Only the first reason counts. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.dispatchEvent(new Event("abort"));
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }
}
