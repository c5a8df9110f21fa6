import type { ModelMetadata } from "../core/metadata.ts";
import type { ModelHost } from "./model-host.ts";
import { RequestsInFlight } from "./requests-in-flight.ts";

/** The hosts of a model's versions that were started together, and the requests that they have taken. */
export class ServedVersions {
  /** Ascending by version; never empty. */
  readonly hosts: readonly ModelHost[];
  readonly versions: readonly string[];
  readonly #byVersion: ReadonlyMap<string, ModelHost>;
  readonly #requests = new RequestsInFlight();

  /** @param hosts - ascending by version, at least one; they belong to this object from now on. */
  constructor(hosts: readonly ModelHost[]) {
    this.hosts = hosts;
    this.#byVersion = new Map(hosts.map((host) => [host.metadata.versions[0]!, host]));
    this.versions = [...this.#byVersion.keys()];
  }

  /** @param version - a normalised name; absent: the highest. */
  host(version: string | undefined): ModelHost | undefined {
    return version === undefined ? this.hosts.at(-1) : this.#byVersion.get(version);
  }

  /** Of one host; it names every version that is served beside it. */
  metadataOf(host: ModelHost): ModelMetadata {
    return { ...host.metadata, versions: this.versions };
  }

  isReady(): boolean {
    return this.hosts.every((host) => host.isReady());
  }

  /** Runs a request to one of the hosts: {@link drain} waits for it. */
  request<T>(run: () => Promise<T>): Promise<T> {
    return this.#requests.run(run);
  }

  /** Waits for every request that was taken, those in the queue too, then closes. The caller sends no more. */
  async drain(): Promise<void> {
    await this.#requests.none();
    await this.close();
  }

  /** Fails what waits, waits for what runs, releases the sessions. Idempotent. */
  async close(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.close()));
  }
}
