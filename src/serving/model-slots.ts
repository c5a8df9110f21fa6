import { TransportError } from "../core/errors.ts";
import type { ModelHost } from "./model-host.ts";
import type { ModelSlot } from "./model-slot.ts";
import type { ServedVersions } from "./served-versions.ts";
import { normaliseVersion } from "./version-policy.ts";

/** A host that takes requests, and what it is served with. */
export interface FoundHost {
  readonly host: ModelHost;
  readonly served: ServedVersions;
}

/** The models of an engine, by name. */
export class ModelSlots {
  readonly #slots = new Map<string, ModelSlot>();

  add(slot: ModelSlot): void {
    this.#slots.set(slot.name, slot);
  }

  /** Forgets a model that is idle. */
  delete(slot: ModelSlot): void {
    if (this.#slots.get(slot.name) === slot) this.#slots.delete(slot.name);
  }

  get(name: string): ModelSlot | undefined {
    return this.#slots.get(name);
  }

  all(): readonly ModelSlot[] {
    return [...this.#slots.values()];
  }

  /** The models that take requests. */
  servedNames(): readonly string[] {
    return this.all()
      .filter(({ served }) => served !== undefined)
      .map(({ name }) => name);
  }

  /** @throws {TransportError} NOT_FOUND when there is no such model, whether it takes requests or not. */
  slot(name: string): ModelSlot {
    const slot = this.#slots.get(name);
    if (slot !== undefined) return slot;
    const known = this.servedNames().join(", ");
    throw new TransportError("NOT_FOUND", `unknown model '${name}'; there is: ${known}`);
  }

  /** What is served of a model. @throws {TransportError} NOT_FOUND, in Triton's words for a model that is not loaded. */
  served(name: string): ServedVersions {
    const { served } = this.slot(name);
    if (served !== undefined) return served;
    throw new TransportError("NOT_FOUND", `Request for unknown model: '${name}' has no available versions`);
  }

  /**
   * The host of a version of a model.
   * @param version - absent or empty: the highest.
   * @throws {TransportError} NOT_FOUND
   */
  find(name: string, version?: string): FoundHost {
    const served = this.served(name);
    const wanted = version === undefined || version === "" ? undefined : normaliseVersion(version);
    const host = served.host(wanted);
    if (host !== undefined) return { host, served };
    throw new TransportError(
      "NOT_FOUND",
      `model '${name}' has no version '${version}'; there is: ${served.versions.join(", ")}`,
    );
  }
}
