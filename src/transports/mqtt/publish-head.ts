import { TransportError } from "../../core/errors.ts";

/** MQTT's largest remaining length: four bytes of seven bits. */
export const MAX_REMAINING_BYTES = 268_435_455;

/** The most bytes of a text, or of binary data, before the payload: two bytes count them. */
export const MAX_FIELD_BYTES = 65_535;

/** The MQTT 5 properties of a PUBLISH that the convention uses. */
export interface PublishProperties {
  /** Seconds. */
  readonly messageExpiryInterval?: number;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: Buffer;
}

/** What stands before the payload of a PUBLISH. `properties` is absent in MQTT 3.1.1, which has no such field. */
export interface PublishHead {
  readonly topic: string;
  readonly properties?: PublishProperties | undefined;
}

/** Bytes between the fixed header and the payload; QoS 1 and 2 add the packet identifier. */
export function variableHeaderBytes({ topic, properties }: PublishHead, qos: 0 | 1 | 2): number {
  const named = 2 + Buffer.byteLength(topic) + (qos > 0 ? 2 : 0);
  if (properties === undefined) return named;
  const bytes = propertyBytes(properties);
  return named + variableIntegerBytes(bytes) + bytes;
}

/**
 * Checks that each text and the Correlation Data fit the two bytes that count them: escaped names can be three times as long
 * as they came, and mqtt.js would find it out in the middle of a packet.
 *
 * @throws {TransportError} INVALID_ARGUMENT
 */
export function checkFields({ topic, properties = {} }: PublishHead): void {
  const fields = [
    ["topic", Buffer.byteLength(topic)],
    ["content type", Buffer.byteLength(properties.contentType ?? "")],
    ["response topic", Buffer.byteLength(properties.responseTopic ?? "")],
    ["correlation data", properties.correlationData?.byteLength ?? 0],
  ] as const;
  for (const [name, bytes] of fields) {
    if (bytes <= MAX_FIELD_BYTES) continue;
    throw new TransportError(
      "INVALID_ARGUMENT",
      `the ${name} of a message has ${bytes} bytes, expected at most ${MAX_FIELD_BYTES}`,
    );
  }
}

/**
 * Everything of a QoS 0 PUBLISH but its payload, which the caller writes behind it. With it a message of several parts
 * goes to the socket as it is, without being joined first.
 *
 * @param payloadBytes - with the variable header at most {@link MAX_REMAINING_BYTES}.
 * @see https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901100
 */
export function encodePublishHead(head: PublishHead, payloadBytes: number): Buffer {
  const { topic, properties } = head;
  const variableBytes = variableHeaderBytes(head, 0);
  const remaining = variableBytes + payloadBytes;
  const bytes = Buffer.allocUnsafe(1 + variableIntegerBytes(remaining) + variableBytes);
  bytes[0] = 0x30;
  let at = writeVariableInteger(bytes, 1, remaining);
  at = writeText(bytes, at, topic);
  if (properties === undefined) return bytes;
  at = writeVariableInteger(bytes, at, propertyBytes(properties));
  const { messageExpiryInterval, contentType, responseTopic, correlationData } = properties;
  if (messageExpiryInterval !== undefined) {
    bytes[at] = 2;
    at = bytes.writeUInt32BE(messageExpiryInterval, at + 1);
  }
  if (contentType !== undefined) {
    bytes[at] = 3;
    at = writeText(bytes, at + 1, contentType);
  }
  if (responseTopic !== undefined) {
    bytes[at] = 8;
    at = writeText(bytes, at + 1, responseTopic);
  }
  if (correlationData !== undefined) {
    bytes[at] = 9;
    at = bytes.writeUInt16BE(correlationData.byteLength, at + 1);
    correlationData.copy(bytes, at);
  }
  return bytes;
}

function propertyBytes({
  messageExpiryInterval,
  contentType,
  responseTopic,
  correlationData,
}: PublishProperties) {
  let bytes = 0;
  if (messageExpiryInterval !== undefined) bytes += 5;
  if (contentType !== undefined) bytes += 3 + Buffer.byteLength(contentType);
  if (responseTopic !== undefined) bytes += 3 + Buffer.byteLength(responseTopic);
  if (correlationData !== undefined) bytes += 3 + correlationData.byteLength;
  return bytes;
}

function variableIntegerBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4;
}

function writeVariableInteger(target: Buffer, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  while (rest >= 0x80) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}

function writeText(target: Buffer, offset: number, text: string): number {
  const bytes = target.write(text, offset + 2);
  target.writeUInt16BE(bytes, offset);
  return offset + 2 + bytes;
}
