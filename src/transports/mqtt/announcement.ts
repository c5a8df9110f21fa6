import type { ServingCore } from "../../core/serving-core.ts";
import type { Qos } from "../../core/transport.ts";
import { DEAD, encodeJson, type ServerStatus } from "./codec.ts";
import type { BrokerConnection } from "./connection.ts";
import { modelTopic, requestFilters, serverTopic, statusTopic } from "./topics.ts";

export interface AnnouncementOptions {
  readonly serverId: string;
  /** The id is of this process only: what is retained under it is taken back when the server closes. */
  readonly passing: boolean;
  readonly group: string | undefined;
  readonly qos: Qos;
}

/** What a server says of itself by retained messages, and what it has subscribed to: each model of the core. */
export class Announcement {
  readonly #core: ServingCore;
  readonly #options: AnnouncementOptions;
  /** The metadata as published, by model. */
  readonly #models = new Map<string, string>();
  #status = "";
  #refused: Promise<void> | undefined;
  #changing: Promise<void> = Promise.resolve();

  constructor(core: ServingCore, options: AnnouncementOptions) {
    this.#core = core;
    this.#options = options;
  }

  /** Subscribes and announces everything on a new connection, the status last. @throws {TransportError} */
  async begin(connection: BrokerConnection): Promise<void> {
    await this.#changing;
    this.#models.clear();
    this.#status = "";
    if (this.#refused !== undefined) return;
    const { serverId, qos } = this.#options;
    await this.#followModels(connection);
    await connection.retain(serverTopic(serverId), encodeJson(this.#core.serverMetadata()), qos);
    await this.#say(connection, { live: true, ready: this.#core.isReady() });
  }

  /** Follows models that were loaded and unloaded since; what fails is tried again the next time. */
  follow(connection: BrokerConnection): Promise<void> {
    const follow = async (): Promise<void> => {
      if (this.#refused !== undefined) return;
      await this.#followModels(connection);
      await this.#say(connection, { live: true, ready: this.#core.isReady() });
    };
    this.#changing = this.#changing.then(follow).catch(() => {});
    return this.#changing;
  }

  /**
   * Says that new requests are not taken; those of a group go to the others from now on. Never fails. Idempotent.
   */
  refuse(connection: BrokerConnection): Promise<void> {
    this.#refused ??= this.#refuse(connection);
    return this.#refused;
  }

  /** The last word. Never fails. */
  async end(connection: BrokerConnection): Promise<void> {
    const { serverId, passing, group, qos } = this.#options;
    const takeBack = (topic: string) => connection.retain(topic, Buffer.alloc(0), qos).catch(() => {});
    await this.#say(connection, DEAD).catch(() => {});
    // Others of the group still offer the models.
    if (group === undefined)
      await Promise.all([...this.#models.keys()].map((model) => takeBack(modelTopic(model))));
    if (passing) await Promise.all([serverTopic(serverId), statusTopic(serverId)].map(takeBack));
  }

  async #refuse(connection: BrokerConnection): Promise<void> {
    await this.#changing;
    const { group } = this.#options;
    await this.#say(connection, { live: true, ready: false }).catch(() => {});
    if (group === undefined) return;
    const filters = [...this.#models.keys()].flatMap((model) => requestFilters(model, group));
    if (filters.length > 0) await connection.unsubscribe(filters).catch(() => {});
  }

  async #followModels(connection: BrokerConnection): Promise<void> {
    const { group, qos } = this.#options;
    const names = this.#core.modelNames();
    for (const model of names) {
      const metadata = encodeJson(this.#core.modelMetadata(model));
      const text = metadata.toString();
      if (this.#models.get(model) === text) continue;
      if (!this.#models.has(model)) await connection.subscribe(requestFilters(model, group), qos);
      await connection.retain(modelTopic(model), metadata, qos);
      this.#models.set(model, text);
    }
    for (const model of [...this.#models.keys()].filter((name) => !names.includes(name))) {
      if (group === undefined) await connection.retain(modelTopic(model), Buffer.alloc(0), qos);
      await connection.unsubscribe(requestFilters(model, group));
      this.#models.delete(model);
    }
  }

  async #say(connection: BrokerConnection, status: ServerStatus): Promise<void> {
    const payload = encodeJson(status);
    if (payload.toString() === this.#status) return;
    await connection.retain(statusTopic(this.#options.serverId), payload, this.#options.qos);
    this.#status = payload.toString();
  }
}
