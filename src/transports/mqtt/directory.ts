import { TransportError } from "../../core/errors.ts";
import type { ModelMetadata, ServerMetadata } from "../../core/metadata.ts";
import { decodeJson, type ServerStatus } from "./codec.ts";
import { parseTopic } from "./topics.ts";

/**
 * What a client knows of the servers behind a broker, from their retained messages: which are alive, which models they
 * offer. A model that nobody offers has no subscriber, so that without this a request for it would only time out.
 */
export class Directory {
  readonly #statuses = new Map<string, ServerStatus>();
  readonly #servers = new Map<string, ServerMetadata>();
  readonly #models = new Map<string, ModelMetadata>();
  readonly #listeners = new Set<() => void>();
  readonly #broker: string;
  #takenBackMs = Number.NEGATIVE_INFINITY;

  /** @param broker - its URL, for messages. */
  constructor(broker: string) {
    this.#broker = broker;
  }

  /** Takes in a retained message; `false` when the topic is not one of discovery. Bytes that cannot be read count as none. */
  accept(topic: string, payload: Uint8Array): boolean {
    const parsed = parseTopic(topic);
    if (parsed === undefined) return false;
    const value = payload.byteLength === 0 ? undefined : decodeJson(payload);
    if (parsed.kind === "status") {
      keep(
        this.#statuses,
        parsed.serverId,
        value && { live: value["live"] === true, ready: value["ready"] === true },
      );
    } else if (parsed.kind === "server") keep(this.#servers, parsed.serverId, value && readServer(value));
    else if (parsed.kind === "model") {
      if (value === undefined) this.#takenBackMs = performance.now();
      keep(this.#models, parsed.model, value && readModel(value));
    } else return false;
    for (const listener of this.#listeners) listener();
    return true;
  }

  /** When a model was last taken back, on the clock of `performance.now`: a server that still has it says so right after. */
  get takenBackMs(): number {
    return this.#takenBackMs;
  }

  /** A server takes requests and the model is offered: the question before every request. */
  offers(model: string): boolean {
    return this.#models.has(model) && this.#some("ready");
  }

  /** No server has said anything of itself. */
  isSilent(): boolean {
    return this.#statuses.size === 0;
  }

  isLive(serverId: string): boolean {
    return this.#statuses.get(serverId)?.live === true;
  }

  /** Forgets everything: the broker that told it is gone, and tells it again when it is back. */
  clear(): void {
    this.#statuses.clear();
    this.#servers.clear();
    this.#models.clear();
  }

  /** Servers are known and none of them is alive: nobody will answer what is in flight. */
  isDeserted(): boolean {
    return this.#statuses.size > 0 && !this.#some("live");
  }

  model(name: string): ModelMetadata | undefined {
    return this.#models.get(name);
  }

  /** The metadata of a server that is alive. */
  server(): ServerMetadata | undefined {
    for (const [serverId, { live }] of this.#statuses) {
      const metadata = live ? this.#servers.get(serverId) : undefined;
      if (metadata !== undefined) return metadata;
    }
    return undefined;
  }

  /** Why a request for this model cannot be sent; `undefined` when it can. */
  refusal(model?: string): TransportError | undefined {
    if (this.#statuses.size === 0) {
      return new TransportError(
        "UNAVAILABLE",
        `no server has announced itself on the MQTT broker ${this.#broker}`,
      );
    }
    if (!this.#some("live")) {
      return new TransportError("UNAVAILABLE", `the server behind the MQTT broker ${this.#broker} is gone`);
    }
    if (!this.#some("ready")) {
      return new TransportError(
        "UNAVAILABLE",
        `the server behind the MQTT broker ${this.#broker} takes no requests`,
      );
    }
    if (model === undefined || this.#models.has(model)) return undefined;
    return new TransportError("NOT_FOUND", `unknown model '${model}'`);
  }

  /** Calls back after every change; returns how to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits until `test` holds, at most `timeoutMs` and until `signal` is aborted; says nothing of which it was. */
  async waitFor(test: () => boolean, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (test() || timeoutMs <= 0 || signal?.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        stop();
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      const stop = this.onChange(() => test() && done());
      signal?.addEventListener("abort", done);
    });
  }

  #some(word: keyof ServerStatus): boolean {
    for (const status of this.#statuses.values()) if (status[word]) return true;
    return false;
  }
}

function keep<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

/** Other people's JSON: what is missing becomes empty, what is there is taken at its word. */
function readModel(value: Readonly<Record<string, unknown>>): ModelMetadata {
  return { name: "", versions: [], platform: "", inputs: [], outputs: [], ...value };
}

function readServer(value: Readonly<Record<string, unknown>>): ServerMetadata {
  return { name: "", version: "", extensions: [], ...value };
}
