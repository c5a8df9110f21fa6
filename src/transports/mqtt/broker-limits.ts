import type { IConnackPacket } from "mqtt";
import { TransportError } from "../../core/errors.ts";
import type { Qos } from "../../core/transport.ts";
import { MAX_REMAINING_BYTES } from "./publish-head.ts";

/** What a broker of MQTT 5 says in its CONNACK of what it takes; one of MQTT 3.1.1 says nothing. */
export interface BrokerLimits {
  /** Bytes of a whole packet. */
  readonly packetBytes: number;
  /** QoS 1 and 2 messages that may be without acknowledgement at a time. */
  readonly receiveMaximum: number;
}

/** @see https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901080 */
export function readLimits({ properties }: Pick<IConnackPacket, "properties">): BrokerLimits {
  return {
    packetBytes: properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY,
    receiveMaximum: properties?.receiveMaximum ?? 65_535,
  };
}

/**
 * Checks that a packet is not larger than MQTT or the broker takes: it would be thrown away with the connection.
 *
 * @param payloadBytes - for the message.
 * @param remainingBytes - what follows the fixed header.
 * @throws {TransportError} RESOURCE_EXHAUSTED
 */
export function checkPacket(
  { packetBytes }: BrokerLimits,
  url: string,
  { payloadBytes, remainingBytes }: { readonly payloadBytes: number; readonly remainingBytes: number },
): void {
  if (remainingBytes <= MAX_REMAINING_BYTES && remainingBytes + 5 <= packetBytes) return;
  throw new TransportError(
    "RESOURCE_EXHAUSTED",
    `a message of ${payloadBytes} bytes is larger than the MQTT broker ${url} takes in a packet (${Math.min(packetBytes, MAX_REMAINING_BYTES)} bytes)`,
  );
}

/** What a client or a server cannot do without. */
export interface BrokerNeeds {
  readonly qos: Qos;
  readonly group?: string | undefined;
}

/**
 * Checks that the broker has what is needed, before it is found out by answers that never come.
 * @throws {TransportError} UNIMPLEMENTED, in one sentence.
 */
export function checkNeeds(
  { properties }: Pick<IConnackPacket, "properties">,
  url: string,
  { qos, group }: BrokerNeeds,
): void {
  const missing =
    properties?.maximumQoS !== undefined && properties.maximumQoS < Math.max(1, qos)
      ? `no QoS above ${properties.maximumQoS}`
      : properties?.retainAvailable === false
        ? "no retained messages, by which servers are found"
        : properties?.wildcardSubscriptionAvailable === false
          ? "no wildcards in subscriptions"
          : group !== undefined && properties?.sharedSubscriptionAvailable === false
            ? "no shared subscriptions, so no groups"
            : undefined;
  if (missing === undefined) return;
  throw new TransportError("UNIMPLEMENTED", `the MQTT broker ${url} has ${missing}`);
}
