import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkFields,
  encodePublishHead,
  variableHeaderBytes,
} from "../../../../src/transports/mqtt/publish-head.ts";

/** The golden bytes are those of mqtt-packet 9 for the same packet, its payload cut off. */
describe("encodePublishHead", () => {
  const properties = {
    messageExpiryInterval: 5,
    contentType: "application/x-protobuf",
    responseTopic: "clients/c1/r",
    correlationData: Buffer.from("dead", "hex"),
  };

  it("writes a PUBLISH of MQTT 5 with its properties", () => {
    const head = encodePublishHead({ topic: "oip/v2/models/seg/infer", properties }, 3);
    expect(head.toString("hex")).toBe(
      "304f00176f69702f76322f6d6f64656c732f7365672f696e6665723202000000050300166170706c69636174696f6e2f782d70726f746f62756608000c636c69656e74732f63312f72090002dead",
    );
  });

  it("writes no properties' field for MQTT 3.1.1, and an empty one for MQTT 5", () => {
    expect(encodePublishHead({ topic: "oip/v2/models/seg/infer/c1/r1" }, 3).toString("hex")).toBe(
      "3022001d6f69702f76322f6d6f64656c732f7365672f696e6665722f63312f7231",
    );
    expect(encodePublishHead({ topic: "a", properties: {} }, 200).toString("hex")).toBe("30cc0100016100");
    expect(encodePublishHead({ topic: "a" }, 2_097_152).toString("hex")).toBe("3083808001000161");
  });

  it("says the length that follows, and knows its own", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 200 }),
        fc.integer({ min: 0, max: 268_000_000 }),
        fc.option(
          fc.record(
            {
              messageExpiryInterval: fc.integer({ min: 0, max: 0xffff_ffff }),
              contentType: fc.string({ unit: "grapheme", maxLength: 200 }),
              responseTopic: fc.string({ unit: "grapheme" }),
              correlationData: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
            },
            { requiredKeys: [] },
          ),
          { nil: undefined },
        ),
        (topic, payloadBytes, some) => {
          const head = encodePublishHead({ topic, properties: some }, payloadBytes);
          let remaining = 0;
          let at = 1;
          for (let shift = 0; ; shift += 7) {
            const byte = head[at++] ?? 0;
            remaining += (byte & 0x7f) * 2 ** shift;
            if (byte < 0x80) break;
          }
          expect(remaining).toBe(head.byteLength - at + payloadBytes);
          expect(variableHeaderBytes({ topic, properties: some }, 0)).toBe(head.byteLength - at);
          expect(variableHeaderBytes({ topic, properties: some }, 1)).toBe(head.byteLength - at + 2);
          const topicBytes = head.readUInt16BE(at);
          expect(head.toString("utf8", at + 2, at + 2 + topicBytes)).toBe(topic);
          // Every byte behind the topic is accounted for by the properties and their length.
          if (some === undefined) expect(head.byteLength).toBe(at + 2 + topicBytes);
          else if (some.correlationData !== undefined) {
            expect(head.subarray(head.byteLength - some.correlationData.byteLength)).toEqual(
              some.correlationData,
            );
          }
        },
      ),
    );
  });
});

describe("checkFields", () => {
  const long = (bytes: number): string => "é".repeat(bytes / 2) + "e".repeat(bytes % 2);

  it.each([
    ["topic", (bytes: number) => ({ topic: long(bytes) })],
    ["response topic", (bytes: number) => ({ topic: "t", properties: { responseTopic: long(bytes) } })],
    ["content type", (bytes: number) => ({ topic: "t", properties: { contentType: long(bytes) } })],
    [
      "correlation data",
      (bytes: number) => ({ topic: "t", properties: { correlationData: Buffer.alloc(bytes) } }),
    ],
  ])("takes a %s of 65,535 bytes and no more", (name, head) => {
    expect(() => checkFields(head(65_535))).not.toThrow();
    const check = (): void => checkFields(head(65_536));
    expect(check).toThrow(`the ${name} of a message has 65536 bytes, expected at most 65535`);
    expect(check).toThrow(expect.objectContaining({ status: "INVALID_ARGUMENT" }));
  });
});
