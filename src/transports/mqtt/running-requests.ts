import { Cancellation, type CancelSignal } from "../../core/cancellation.ts";
import { TransportError } from "../../core/errors.ts";

/** The requests that a server works on: each ends by itself, by its expiry, or when the server gives up. */
export class RunningRequests {
  readonly #running = new Set<Cancellation>();
  #refusal: TransportError | undefined;
  #onIdle: (() => void) | undefined;

  /**
   * Does the work of a request.
   *
   * @param expiresMs - `work`'s signal is aborted with DEADLINE_EXCEEDED after that time; `undefined`: never.
   * @param work - must not reject. Its signal is aborted from the start once requests are refused.
   */
  async run(expiresMs: number | undefined, work: (signal: CancelSignal) => Promise<void>): Promise<void> {
    const gone = new Cancellation();
    if (this.#refusal !== undefined) gone.abort(this.#refusal);
    const timer =
      expiresMs === undefined ? undefined : setTimeout(() => gone.abort(overdue(expiresMs)), expiresMs);
    this.#running.add(gone);
    await work(gone);
    clearTimeout(timer);
    this.#running.delete(gone);
    if (this.#running.size === 0) this.#onIdle?.();
  }

  /** Aborts what runs. */
  abort(error: TransportError): void {
    for (const gone of this.#running) gone.abort(error);
  }

  /** From now on every request is aborted before it begins. */
  refuse(error: TransportError): void {
    this.#refusal = error;
  }

  /** Waits until everything that runs has ended; aborts what is left after the time. */
  async whenIdle(timeoutMs: number): Promise<void> {
    if (this.#running.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.abort(this.#refusal ?? new TransportError("UNAVAILABLE", "the server is closing"));
  }
}

function overdue(expiryMs: number): TransportError {
  return new TransportError("DEADLINE_EXCEEDED", `the message expired after ${expiryMs / 1_000} s`);
}
