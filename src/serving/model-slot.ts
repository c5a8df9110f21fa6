import { messageOf, TransportError } from "../core/errors.ts";
import type { RepositoryEntry } from "../core/metadata.ts";
import { CLOSING, type ModelHost } from "./model-host.ts";
import { ServedVersions } from "./served-versions.ts";

/** Triton's word for a version that was served and is not any more. */
const UNLOADED = "unloaded";

/**
 * One model of the engine through its loads and unloads, which come one after the other in the order they were asked for.
 * Requests go on meanwhile: a new load takes over when it is warm, and what it replaces finishes its requests before it ends.
 */
export class ModelSlot {
  readonly name: string;
  readonly #start: () => Promise<readonly ModelHost[]>;
  #current: ServedVersions | undefined;
  /** Finishing their requests; closed afterwards. */
  readonly #retiring = new Set<ServedVersions>();
  /** Versions that were served at some time. */
  readonly #known = new Set<string>();
  #isLoading = false;
  /** Of the last load, when it failed. */
  #failure: string | undefined;
  #wasUnloaded = false;
  #isClosed = false;
  #last: Promise<unknown> = Promise.resolve();
  /** Loads and unloads that are not done. */
  #turns = 0;

  /** @param start - starts the hosts of every version to serve, ascending; leaves none behind when it fails. */
  constructor(name: string, start: () => Promise<readonly ModelHost[]>) {
    this.name = name;
    this.#start = start;
  }

  /** What takes requests; undefined before the first load and after an unload. */
  get served(): ServedVersions | undefined {
    return this.#current;
  }

  /** Nothing is served, ending or asked for. */
  get isIdle(): boolean {
    return this.#current === undefined && this.#retiring.size === 0 && this.#turns === 0;
  }

  /** What is served is ready, or it was unloaded on purpose. */
  get isFine(): boolean {
    return this.#current?.isReady() ?? this.#wasUnloaded;
  }

  /** Every version that was served at some time. */
  servedVersions(): readonly string[] {
    return [...this.#known];
  }

  /**
   * Starts the model and takes over; resolves before the hosts that it replaces have ended.
   * @throws what `start` throws: what was served stays; {TransportError} UNAVAILABLE when closing.
   */
  async load(): Promise<void> {
    await this.#inTurn(async () => {
      this.#isLoading = true;
      try {
        const fresh = new ServedVersions(await this.#start());
        if (this.#isClosed) {
          await fresh.close();
          throw new TransportError("UNAVAILABLE", CLOSING);
        }
        // Not waited for: the last request of what is replaced may take as long as it likes.
        this.#retire().catch(() => undefined);
        this.#current = fresh;
        for (const version of fresh.versions) this.#known.add(version);
        this.#failure = undefined;
        this.#wasUnloaded = false;
      } catch (cause) {
        this.#failure = messageOf(cause);
        throw cause;
      } finally {
        this.#isLoading = false;
      }
    });
  }

  /** Takes no more requests; resolves when those that were taken are answered and the hosts closed. Idempotent. */
  async unload(): Promise<void> {
    const { retired } = await this.#inTurn(async () => {
      this.#failure = undefined;
      this.#wasUnloaded = true;
      return { retired: this.#retire() };
    });
    await retired;
  }

  /** Fails what waits; resolves when nothing runs and no load is under way. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const served = this.#current === undefined ? [] : [this.#current];
    await Promise.all([...served, ...this.#retiring].map((each) => each.close()));
    await this.#last;
  }

  /**
   * The state of one version of the repository.
   * @param isChosen - whether the configuration chooses it: a load concerns no others.
   */
  entry(version: string, isChosen = true): RepositoryEntry {
    const { name } = this;
    const row = (state: RepositoryEntry["state"], reason = ""): RepositoryEntry => ({
      name,
      version,
      state,
      reason,
    });
    const host = this.#current?.host(version);
    if (host !== undefined) return host.isReady() ? row("READY") : row("UNAVAILABLE", "its worker has ended");
    const isConcerned = isChosen || this.#known.has(version);
    if (this.#isLoading && isConcerned) return row("LOADING");
    if ([...this.#retiring].some(({ versions }) => versions.includes(version))) return row("UNLOADING");
    if (this.#failure !== undefined && isConcerned) return row("UNAVAILABLE", this.#failure);
    return this.#known.has(version) ? row("UNAVAILABLE", UNLOADED) : row("");
  }

  /** Takes what is served out of service; resolves when its requests are answered and its hosts closed. */
  async #retire(): Promise<void> {
    const old = this.#current;
    if (old === undefined) return;
    this.#current = undefined;
    this.#retiring.add(old);
    try {
      await old.drain();
    } finally {
      this.#retiring.delete(old);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#turns += 1;
    const turn = this.#last.then(async () => {
      try {
        if (this.#isClosed) throw new TransportError("UNAVAILABLE", CLOSING);
        return await work();
      } finally {
        this.#turns -= 1;
      }
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
