import type { IPublishPacket } from "mqtt";
import { REQUEST_CONTENT_TYPE, RESPONSE_CONTENT_TYPE } from "./codec.ts";
import type { PublishHead } from "./publish-head.ts";
import { isAnswerTopic, parseTopic, responseTopic } from "./topics.ts";

/** Whose request it is and where its answer goes. */
export interface ReturnAddress {
  readonly modelName: string;
  /** As the topic says (MQTT 3.1.1); `undefined` where only the message itself can say it (MQTT 5). */
  readonly id: string | undefined;
  readonly head: PublishHead;
}

/**
 * Who waits for the answer of a message: told by the topic (MQTT 3.1.1) or by the properties (MQTT 5). The Correlation
 * Data belongs to the client: it is given back as it is, and may be absent.
 *
 * @returns `undefined` for what is not answered: a message that is no request, one without a Response Topic, one whose
 * Response Topic a client may not use ({@link isAnswerTopic}), and a retained one, which nobody waits for any more.
 */
export function returnAddress(
  topic: string,
  { properties, retain }: Pick<IPublishPacket, "properties" | "retain">,
): ReturnAddress | undefined {
  const parsed = parseTopic(topic);
  if (parsed?.kind !== "request" || retain) return undefined;
  const { model: modelName, sender } = parsed;
  const contentType = RESPONSE_CONTENT_TYPE;
  if (sender !== undefined) {
    const head = { topic: responseTopic(sender.clientId, sender.id), properties: { contentType } };
    return { modelName, id: sender.id, head };
  }
  const answerTopic = properties?.responseTopic;
  if (answerTopic === undefined || !isAnswerTopic(answerTopic)) return undefined;
  const correlationData = properties?.correlationData;
  return {
    modelName,
    id: undefined,
    head: {
      topic: answerTopic,
      properties: { contentType, ...(correlationData === undefined ? {} : { correlationData }) },
    },
  };
}

/** Types under which other clients send a protobuf message. */
const ACCEPTED = ["application/x-protobuf", "application/protobuf", "application/octet-stream"];

/** What is wrong with a request's Content Type; `undefined` when it may be one of ours, or is absent. */
export function contentTypeProblem(contentType: string | undefined): string | undefined {
  if (contentType === undefined || contentType === "") return undefined;
  const [type = ""] = contentType.split(";");
  if (ACCEPTED.includes(type.trim().toLowerCase())) return undefined;
  return `expected the content type '${REQUEST_CONTENT_TYPE}', got '${contentType}'`;
}
