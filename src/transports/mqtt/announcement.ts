import type { ServingCore } from "../../core/serving-core.ts";
import type { Qos } from "../../core/transport.ts";
import { DEAD, encodeJson, type ServerStatus } from "./codec.ts";
import { atLeastOnce, type BrokerConnection } from "./connection.ts";
import { modelTopic, requestFilters, serverTopic, statusTopic } from "./topics.ts";

export interface AnnouncementOptions {
  readonly serverId: string;
  /** The id is of this server only: what is retained under it is taken back when the server closes. */
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
  begin(connection: BrokerConnection): Promise<void> {
    const begin = async (): Promise<void> => {
      this.#models.clear();
      this.#status = "";
      if (this.#refused !== undefined) return;
      const { serverId, qos } = this.#options;
      await this.#followModels(connection);
      await connection.retain(serverTopic(serverId), encodeJson(this.#core.serverMetadata()), qos);
      await this.#say(connection, { live: true, ready: this.#core.isReady() });
    };
    const begun = this.#changing.then(begin);
    this.#changing = begun.catch(() => {});
    return begun;
  }

  /** Follows models that were loaded and unloaded since; what fails is tried again the next time. */
  follow(connection: BrokerConnection): Promise<void> {
    return this.#follow(connection, () => {});
  }

  /** Another of the group has taken this topic back: says it again if that model is served here still. Never fails. */
  retell(connection: BrokerConnection, topic: string): Promise<void> {
    return this.#follow(connection, () => {
      const model = [...this.#models.keys()].find((name) => modelTopic(name) === topic);
      if (model !== undefined) this.#models.set(model, "");
    });
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
    const { serverId, passing, qos } = this.#options;
    const takeBack = (topic: string) => connection.retain(topic, Buffer.alloc(0), qos).catch(() => {});
    await this.#say(connection, DEAD).catch(() => {});
    // Others of a group who still offer a model hear it, and say it again.
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

  /** @param forget - called in its turn: what is no longer on the broker. */
  #follow(connection: BrokerConnection, forget: () => void): Promise<void> {
    const follow = async (): Promise<void> => {
      if (this.#refused !== undefined) return;
      forget();
      await this.#followModels(connection);
      await this.#say(connection, { live: true, ready: this.#core.isReady() });
    };
    this.#changing = this.#changing.then(follow).catch(() => {});
    return this.#changing;
  }

  async #followModels(connection: BrokerConnection): Promise<void> {
    const { group, qos } = this.#options;
    const names = this.#core.modelNames();
    for (const model of names) {
      const metadata = encodeJson(this.#core.modelMetadata(model));
      const text = metadata.toString();
      if (this.#models.get(model) === text) continue;
      if (!this.#models.has(model)) await this.#subscribe(connection, model);
      await connection.retain(modelTopic(model), metadata, qos);
      this.#models.set(model, text);
    }
    for (const model of [...this.#models.keys()].filter((name) => !names.includes(name))) {
      await connection.retain(modelTopic(model), Buffer.alloc(0), qos);
      const heard = group === undefined ? [] : [modelTopic(model)];
      await connection.unsubscribe([...requestFilters(model, group), ...heard]);
      this.#models.delete(model);
    }
  }

  async #subscribe(connection: BrokerConnection, model: string): Promise<void> {
    const { group, qos } = this.#options;
    await connection.subscribe(requestFilters(model, group), qos);
    // To hear of it when another takes the model back; a broker that does not let servers read that is none the worse.
    if (group !== undefined)
      await connection.subscribe([modelTopic(model)], atLeastOnce(qos)).catch(() => {});
  }

  async #say(connection: BrokerConnection, status: ServerStatus): Promise<void> {
    const payload = encodeJson(status);
    if (payload.toString() === this.#status) return;
    await connection.retain(statusTopic(this.#options.serverId), payload, this.#options.qos);
    this.#status = payload.toString();
  }
}
