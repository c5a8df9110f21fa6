/**
 * The topics of "OIP over MQTT". A name or an id is one topic level: characters that MQTT reserves there (`/`, `+`, `#`,
 * control characters) and `%` are written as `%` and two hexadecimal digits.
 */
const MODELS = "oip/v2/models/";
const CLIENTS = "oip/v2/clients/";
const SERVERS = "oip/v2/servers/";

/** Subscriptions of a client: the retained metadata of all models, and the retained words of all servers. */
export const DISCOVERY_FILTERS = [`${MODELS}+`, `${SERVERS}+`, `${SERVERS}+/status`] as const;

/** What a topic of the convention means; `id` is absent in the MQTT 5 form, which has it in the Correlation Data. */
export type Topic =
  | { readonly kind: "request"; readonly model: string; readonly sender?: RequestSender | undefined }
  | { readonly kind: "response"; readonly clientId: string; readonly id?: string | undefined }
  | { readonly kind: "model"; readonly model: string }
  | { readonly kind: "server"; readonly serverId: string }
  | { readonly kind: "status"; readonly serverId: string };

/** Who sent a request of MQTT 3.1.1, and under which id. */
export interface RequestSender {
  readonly clientId: string;
  readonly id: string;
}

/** Where a request goes: with the sender for MQTT 3.1.1, without for MQTT 5. */
export function requestTopic(model: string, sender?: RequestSender): string {
  const topic = `${MODELS}${level(model)}/infer`;
  return sender === undefined ? topic : `${topic}/${level(sender.clientId)}/${level(sender.id)}`;
}

/** Where the answer goes: with the id for MQTT 3.1.1, without for MQTT 5. */
export function responseTopic(clientId: string, id?: string): string {
  const topic = `${CLIENTS}${level(clientId)}/responses`;
  return id === undefined ? topic : `${topic}/${level(id)}`;
}

/** What a client subscribes to for its answers in both protocol versions. */
export function responseFilters(clientId: string): readonly [mqtt5: string, mqtt311: string] {
  const topic = responseTopic(clientId);
  return [topic, `${topic}/+`];
}

/** A server's two subscriptions for a model; servers of one group take turns. */
export function requestFilters(model: string, group?: string): readonly [mqtt5: string, mqtt311: string] {
  const topic = shared(requestTopic(model), group);
  return [topic, `${topic}/+/+`];
}

/** The retained metadata of a model, JSON. */
export function modelTopic(model: string): string {
  return MODELS + level(model);
}

/** The retained metadata of a server, JSON. */
export function serverTopic(serverId: string): string {
  return SERVERS + level(serverId);
}

/** The retained `{"live":…,"ready":…}` of a server. */
export function statusTopic(serverId: string): string {
  return `${serverTopic(serverId)}/status`;
}

/** The vehicle-cloud study's topics: a picture comes on the one, the painted mask goes to the other. */
export const STUDY_CAMERA = "/vehicle_camera";
export const STUDY_ANSWERS = "/segmented_images";
/** Where a picture that could not be answered is told, JSON: the study's clients take pictures only. */
export const STUDY_FAILURES = `${STUDY_ANSWERS}/errors`;

/**
 * Whether a client may name this topic for its answers. It must not reach what servers take for requests or say of
 * themselves, the broker's own topics, or several topics at once.
 */
export function isAnswerTopic(topic: string): boolean {
  if (topic === "" || /[+#\0]/.test(topic) || topic.startsWith("$")) return false;
  return !topic.startsWith(MODELS) && !topic.startsWith(SERVERS) && topic !== STUDY_CAMERA;
}

/** A filter for the group that takes turns; the filter itself without one. */
export function shared(filter: string, group: string | undefined): string {
  return group === undefined ? filter : `$share/${level(group)}/${filter}`;
}

/** Reads a topic; `undefined` for one that is not of the convention. */
export function parseTopic(topic: string): Topic | undefined {
  if (topic.startsWith(MODELS)) {
    const [model = "", verb, clientId, id, ...rest] = topic.slice(MODELS.length).split("/");
    if (verb === undefined) return { kind: "model", model: unlevel(model) };
    if (verb !== "infer" || rest.length > 0) return undefined;
    if (clientId === undefined) return { kind: "request", model: unlevel(model) };
    if (id === undefined) return undefined;
    return {
      kind: "request",
      model: unlevel(model),
      sender: { clientId: unlevel(clientId), id: unlevel(id) },
    };
  }
  if (topic.startsWith(CLIENTS)) {
    const [clientId = "", word, id, ...rest] = topic.slice(CLIENTS.length).split("/");
    if (word !== "responses" || rest.length > 0) return undefined;
    return { kind: "response", clientId: unlevel(clientId), id: id === undefined ? undefined : unlevel(id) };
  }
  if (topic.startsWith(SERVERS)) {
    const [serverId = "", word, ...rest] = topic.slice(SERVERS.length).split("/");
    if (rest.length > 0) return undefined;
    if (word === undefined) return { kind: "server", serverId: unlevel(serverId) };
    return word === "status" ? { kind: "status", serverId: unlevel(serverId) } : undefined;
  }
  return undefined;
}

const RESERVED = /[\p{Cc}%+#/]/gu;

function level(text: string): string {
  return text.replace(RESERVED, (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function unlevel(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
