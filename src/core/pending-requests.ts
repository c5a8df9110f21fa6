import { TransportError } from "./errors.ts";
import type { InferResponse } from "./inference.ts";
import type { Marks } from "./transport.ts";

/** A request that waits for its answer. Taken out of {@link PendingRequests} it is the taker's to end. */
export interface PendingRequest {
  readonly marks: Marks;
  resolve(response: InferResponse): void;
  reject(reason: unknown): void;
}

interface Entry extends PendingRequest {
  readonly timer: NodeJS.Timeout;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
  /** What may explain that no answer comes; empty when nothing does. */
  remark: string;
}

/** Overdue requests whose answers would still be known; those beyond are forgotten, the oldest first. */
const MOST_OVERDUE = 4_096;

/**
 * The requests in flight on a connection whose answers come in any order, by id. Each ends once: answered, overdue,
 * aborted or failed.
 */
export class PendingRequests {
  readonly #entries = new Map<string, Entry>();
  readonly #overdue = new Map<string, Marks>();
  readonly #mostOverdue: number;
  #onEmpty: (() => void)[] = [];

  /** @param mostOverdue - overdue requests that are remembered. @default 4096 */
  constructor(mostOverdue = MOST_OVERDUE) {
    this.#mostOverdue = mostOverdue;
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** The id of the only request that an answer can still be to; `undefined` where there are several or none. */
  get onlyId(): string | undefined {
    return this.#entries.size === 1 && this.#overdue.size === 0
      ? this.#entries.keys().next().value
      : undefined;
  }

  /**
   * Begins to wait.
   *
   * @param options - `deadlineMs`: the whole time the caller gave, for the message; `leftMs`: what is left of it.
   * @throws {TransportError} ALREADY_EXISTS when a request of this id is in flight.
   */
  add(
    id: string,
    options: {
      readonly marks: Marks;
      readonly signal: AbortSignal | undefined;
      readonly deadlineMs: number;
      readonly leftMs: number;
    },
  ): Promise<InferResponse> {
    const { marks, signal, deadlineMs, leftMs } = options;
    if (this.#entries.has(id)) {
      throw new TransportError(
        "ALREADY_EXISTS",
        `a request with the id '${id}' is in flight on this connection`,
      );
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => {
          const remark = this.#entries.get(id)?.remark ?? "";
          const message = `no answer within the deadline of ${deadlineMs} ms${remark}`;
          this.#overdue.set(id, marks);
          if (this.#overdue.size > this.#mostOverdue)
            this.#overdue.delete(this.#overdue.keys().next().value ?? "");
          this.take(id)?.reject(new TransportError("DEADLINE_EXCEEDED", message));
        },
        Math.min(0x7fff_ffff, Math.max(0, leftMs)),
      );
      const onAbort = () => this.take(id)?.reject(signal?.reason);
      signal?.addEventListener("abort", onAbort);
      this.#entries.set(id, { marks, resolve, reject, timer, signal, onAbort, remark: "" });
    });
  }

  /** Stops waiting for this request; `undefined` when it has ended already. */
  take(id: string): PendingRequest | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    this.#entries.delete(id);
    clearTimeout(entry.timer);
    entry.signal?.removeEventListener("abort", entry.onAbort);
    if (this.#entries.size === 0) for (const resolve of this.#onEmpty.splice(0)) resolve();
    return entry;
  }

  /** The marks of an overdue request, given once: its answer has come after all. */
  takeOverdue(id: string): Marks | undefined {
    const marks = this.#overdue.get(id);
    this.#overdue.delete(id);
    return marks;
  }

  /** Notes what may be the reason if those in flight now get no answer; it is told with their deadline. */
  remark(text: string): void {
    for (const entry of this.#entries.values()) entry.remark = `: ${text}`;
  }

  failAll(error: TransportError): void {
    for (const id of [...this.#entries.keys()]) this.take(id)?.reject(error);
  }

  /** Resolves as soon as nothing is in flight. */
  whenEmpty(): Promise<void> {
    if (this.#entries.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }
}
