import { setTimeout as delay } from "node:timers/promises";
import { TransportError } from "../../core/errors.ts";
import { BrokerConnection, type ConnectionEvents, type ConnectionOptions } from "./connection.ts";

/** Between the loss of a connection and the first try to have another; twice as long after each that fails. */
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2_000;

/** What the owner of a link wants to hear. */
export interface LinkEvents {
  readonly onMessage: ConnectionEvents["onMessage"];
  /** Connected, for the first time or again: subscribes and says what has to be said. The link is up when it resolves. */
  onConnect(connection: BrokerConnection): Promise<void>;
  /** The connection is gone, and what was in flight on it. */
  onLoss(error: TransportError): void;
}

export interface LinkOptions extends Omit<ConnectionOptions, "events" | "signal"> {
  readonly events: LinkEvents;
}

/** A connection to a broker that comes back by itself after the broker, or the way to it, was gone. */
export class BrokerLink {
  readonly #url: string;
  readonly #options: LinkOptions;
  readonly #over = new AbortController();
  #connection: BrokerConnection | undefined;
  #loss = new TransportError("UNAVAILABLE", "the MQTT broker is not connected yet");
  #returning: Promise<void> | undefined;

  private constructor(url: string, options: LinkOptions) {
    this.#url = url;
    this.#options = options;
  }

  /**
   * Connects for the first time: what is wrong then, is wrong for good.
   * @throws {TransportError} as {@link BrokerConnection.connect}, UNAVAILABLE when the broker is silent for `timeoutMs` while
   * `onConnect` waits for it, and whatever `onConnect` throws.
   */
  static async open(url: string, options: LinkOptions): Promise<BrokerLink> {
    const link = new BrokerLink(url, options);
    await link.#establish();
    return link;
  }

  /** Why there is no connection right now; `undefined` when there is one. */
  get loss(): TransportError | undefined {
    return this.#connection === undefined ? this.#loss : undefined;
  }

  /** @throws {TransportError} UNAVAILABLE while there is none. */
  get connection(): BrokerConnection {
    if (this.#connection === undefined) throw this.#loss;
    return this.#connection;
  }

  /** Says goodbye to the broker. Idempotent, never fails. */
  async end(): Promise<void> {
    const connection = this.#stop();
    await connection?.end();
    await this.#returning;
  }

  /** Releases the socket now; the broker then publishes the will. Idempotent, never fails. */
  async destroy(): Promise<void> {
    const connection = this.#stop();
    await connection?.destroy();
    await this.#returning;
  }

  #stop(): BrokerConnection | undefined {
    if (!this.#over.signal.aborted) this.#over.abort(new TransportError("CANCELLED", "the link is closed"));
    return this.#connection;
  }

  async #establish(): Promise<void> {
    const { events, ...options } = this.#options;
    const { signal } = this.#over;
    const startedMs = performance.now();
    const connection = await BrokerConnection.connect(this.#url, {
      ...options,
      signal,
      events: {
        onMessage: events.onMessage,
        onClose: (error, closed) => {
          if (this.#connection === closed) this.#lose(error);
        },
      },
    });
    let overdue: TransportError | undefined;
    // Whoever waits for the broker's answer on this connection is told by its end.
    const giveUp = (): void => void connection.destroy();
    const timer = setTimeout(
      () => {
        const what = `the MQTT broker ${connection.url} has not answered within ${options.timeoutMs} ms`;
        overdue = new TransportError("UNAVAILABLE", what);
        giveUp();
      },
      Math.max(1, options.timeoutMs - (performance.now() - startedMs)),
    );
    signal.addEventListener("abort", giveUp);
    try {
      signal.throwIfAborted();
      await events.onConnect(connection);
      signal.throwIfAborted();
    } catch (error) {
      await connection.destroy();
      if (signal.aborted) throw signal.reason;
      throw overdue ?? error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    }
    if (connection.loss !== undefined) throw connection.loss;
    this.#connection = connection;
  }

  #lose(error: TransportError): void {
    this.#connection = undefined;
    this.#loss = error;
    this.#options.events.onLoss(error);
    if (!this.#over.signal.aborted) this.#returning = this.#comeBack();
  }

  async #comeBack(): Promise<void> {
    const { signal } = this.#over;
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_RETRY_MS)) {
      await delay(waitMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        await this.#establish();
        return;
      } catch (error) {
        if (!signal.aborted) this.#loss = TransportError.from(error, "UNAVAILABLE");
      }
    }
  }
}
