import type { CancelSignal } from "../../core/cancellation.ts";
import { TransportError } from "../../core/errors.ts";
import { BodyCollector } from "./body-collector.ts";
import { HEADER_LENGTH, headerLengthOf } from "./codec.ts";

/** The headers of an answer, names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** A whole answer, whatever its code. */
export interface Answer {
  readonly code: number;
  readonly headers: AnswerHeaders;
  /** In a buffer of its own, its binary part aligned for typed arrays. */
  readonly body: Uint8Array;
}

export interface ExchangeOptions {
  readonly maxBytes: number;
  readonly deadlineMs: number;
  readonly signal?: CancelSignal | undefined;
  /** Called just before the request is handed to the library, and when the last byte of an answer is there. */
  readonly onSent?: (() => void) | undefined;
  readonly onReceived?: ((bodyBytes: number) => void) | undefined;
}

/** The longest that Node's timers can wait; a longer deadline is none. */
const MAX_TIMER_MS = 2_147_483_647;

/** A request whose answer is on its way, over whichever version of HTTP. It ends once: answered, overdue, aborted or failed. */
export class AnswerUnderWay {
  /** Rejects with a `TransportError`. */
  readonly answer: Promise<Answer>;
  /** Set once it has failed. */
  failure: TransportError | undefined;
  readonly #options: ExchangeOptions;
  readonly #onFailure: (error: TransportError) => void;
  readonly #timer: NodeJS.Timeout | undefined;
  #settle: { resolve(answer: Answer): void; reject(error: TransportError): void } | undefined;
  #code = 0;
  #headers: AnswerHeaders = {};
  #body: BodyCollector | undefined;
  #isReceived = false;

  /** @param onFailure - takes back what the library still does for the request. */
  constructor(options: ExchangeOptions, onFailure: (error: TransportError) => void) {
    const { deadlineMs, signal } = options;
    this.#options = options;
    this.#onFailure = onFailure;
    this.answer = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#timer =
      deadlineMs <= MAX_TIMER_MS
        ? setTimeout(
            () => this.fail(new TransportError("DEADLINE_EXCEEDED", `no answer within ${deadlineMs} ms`)),
            deadlineMs,
          )
        : undefined;
    signal?.addEventListener("abort", this.#onAbort);
  }

  /** The head of the answer is there. */
  begin(code: number, headers: AnswerHeaders): void {
    this.#code = code;
    this.#headers = headers;
    const length = headers["content-length"];
    try {
      this.#body = new BodyCollector({
        contentBytes: typeof length === "string" ? Number(length) : undefined,
        headerBytes: headerLengthOf(headers[HEADER_LENGTH]) || undefined,
        maxBytes: this.#options.maxBytes,
      });
    } catch (reason) {
      this.fail(TransportError.from(reason));
    }
  }

  /** Bytes of the body; copied. */
  push(chunk: Uint8Array): void {
    try {
      this.#body?.push(chunk);
    } catch (reason) {
      this.fail(TransportError.from(reason));
      return;
    }
    // The end comes a little later, and what happens until then is not the network's.
    if (this.#body?.isComplete === true) this.#received();
  }

  /** All of the answer is there. */
  end(): void {
    this.#received();
    this.#finish()?.resolve({
      code: this.#code,
      headers: this.#headers,
      body: this.#body?.finish() ?? new Uint8Array(),
    });
  }

  /** Without effect when it has ended. */
  fail(error: TransportError): void {
    const settle = this.#finish();
    if (settle === undefined) return;
    this.failure = error;
    this.#onFailure(error);
    settle.reject(error);
  }

  readonly #onAbort = (): void => this.fail(TransportError.from(this.#options.signal?.reason, "CANCELLED"));

  #received(): void {
    if (this.#isReceived || this.failure !== undefined) return;
    this.#isReceived = true;
    this.#options.onReceived?.(this.#body?.byteLength ?? 0);
  }

  #finish() {
    const settle = this.#settle;
    this.#settle = undefined;
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    return settle;
  }
}
