import { describe, expect, it } from "vitest";
import { checkNeeds, checkPacket, readLimits } from "../../../../src/transports/mqtt/broker-limits.ts";

const URL = "mqtt://b:1883";

describe("what a broker takes", () => {
  it("is MQTT's own limits where it says nothing", () => {
    expect(readLimits({})).toEqual({ packetBytes: Number.POSITIVE_INFINITY, receiveMaximum: 65_535 });
    expect(readLimits({ properties: { maximumPacketSize: 2_000_000, receiveMaximum: 20 } })).toEqual({
      packetBytes: 2_000_000,
      receiveMaximum: 20,
    });
  });

  it.each([
    [268_435_455, {}, undefined],
    [268_435_456, {}, "takes in a packet (268435455 bytes)"],
    [995, { maximumPacketSize: 1_000 }, undefined],
    [996, { maximumPacketSize: 1_000 }, "takes in a packet (1000 bytes)"],
  ])("%i bytes after the fixed header with %j", (remainingBytes, properties, problem) => {
    const check = () => checkPacket(readLimits({ properties }), URL, { payloadBytes: 7, remainingBytes });
    if (problem === undefined) expect(check).not.toThrow();
    else {
      expect(check).toThrow(`a message of 7 bytes is larger than the MQTT broker ${URL} ${problem}`);
      expect(check).toThrow(expect.objectContaining({ status: "RESOURCE_EXHAUSTED" }));
    }
  });

  it.each([
    [{}, { qos: 2, group: "g" }, undefined],
    [undefined, { qos: 2, group: "g" }, undefined],
    [{ maximumQoS: 1 }, { qos: 1 }, undefined],
    [{ maximumQoS: 1 }, { qos: 2 }, "no QoS above 1"],
    // Retained messages and the like are always sent with QoS 1.
    [{ maximumQoS: 0 }, { qos: 0 }, "no QoS above 0"],
    [{ retainAvailable: false }, { qos: 0 }, "no retained messages, by which servers are found"],
    [{ wildcardSubscriptionAvailable: false }, { qos: 0 }, "no wildcards in subscriptions"],
    [{ sharedSubscriptionAvailable: false }, { qos: 0 }, undefined],
    [{ sharedSubscriptionAvailable: false }, { qos: 0, group: "g" }, "no shared subscriptions, so no groups"],
  ] as const)("with %j for %j", (properties, needs, problem) => {
    const check = () => checkNeeds(properties === undefined ? {} : { properties }, URL, needs);
    if (problem === undefined) expect(check).not.toThrow();
    else {
      expect(check).toThrow(`the MQTT broker ${URL} has ${problem}`);
      expect(check).toThrow(expect.objectContaining({ status: "UNIMPLEMENTED" }));
    }
  });
});
