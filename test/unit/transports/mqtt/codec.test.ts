import { describe, expect, it } from "vitest";
import { TransportError } from "../../../../src/core/errors.ts";
import { decodeInferResponse, joinParts } from "../../../../src/core/oip/protobuf.ts";
import { parseBrokerUrl } from "../../../../src/transports/mqtt/broker-address.ts";
import {
  DEAD,
  decodeJson,
  encodeFailure,
  encodeJson,
  failureOf,
} from "../../../../src/transports/mqtt/codec.ts";
import { isVersionRefused, transportErrorOf } from "../../../../src/transports/mqtt/reason-codes.ts";

describe("a failure", () => {
  it("travels as the parameters of a response without outputs", () => {
    const failure = new TransportError("RESOURCE_EXHAUSTED", "the queue of 'm' is full (64)");
    const response = decodeInferResponse(joinParts(encodeFailure(failure, { modelName: "m", id: "r1" })));
    expect(response).toMatchObject({
      modelName: "m",
      id: "r1",
      outputs: [],
      parameters: {
        wirebench_status: "RESOURCE_EXHAUSTED",
        wirebench_message: "the queue of 'm' is full (64)",
      },
    });
    expect(failureOf(response)).toMatchObject({ status: failure.status, message: failure.message });
  });

  it("with a status that nobody knows is UNKNOWN; an answer is none", () => {
    const response = { modelName: "m", modelVersion: "1", id: "r1", outputs: [] };
    expect(failureOf({ ...response, parameters: { wirebench_status: "OOPS" } })?.status).toBe("UNKNOWN");
    expect(failureOf({ ...response, parameters: { wirebench_message: "fine" } })).toBeUndefined();
    expect(failureOf(response)).toBeUndefined();
  });
});

describe("retained JSON", () => {
  it("comes back as it was", () => {
    expect(encodeJson(DEAD).toString()).toBe('{"live":false,"ready":false}');
    expect(decodeJson(encodeJson(DEAD))).toEqual(DEAD);
  });

  it.each(["", "{", "[1]", "null", "7", "\u00ff"])("%j is nothing", (text) => {
    expect(decodeJson(Buffer.from(text))).toBeUndefined();
  });
});

describe("a broker's URL", () => {
  it("names host and port", () => {
    expect(parseBrokerUrl("mqtt://broker.local")).toEqual({
      url: "mqtt://broker.local:1883",
      host: "broker.local",
      port: 1883,
    });
    expect(parseBrokerUrl("mqtt://[::1]:2000")).toEqual({
      url: "mqtt://[::1]:2000",
      host: "::1",
      port: 2000,
    });
  });

  it("keeps user and password out of the form for messages", () => {
    expect(parseBrokerUrl("mqtt://me:p%40ss@h:1")).toEqual({
      url: "mqtt://h:1",
      host: "h",
      port: 1,
      username: "me",
      password: "p@ss",
    });
  });

  it("keeps them out of the message about a URL that is none", () => {
    expect(() => parseBrokerUrl("mqtts://me:secret@h")).toThrow("got 'mqtts://h'");
  });

  it.each(["", "localhost:1883", "http://h", "mqtt://"])("'%s' is none", (text) => {
    expect(() => parseBrokerUrl(text)).toThrow(
      expect.objectContaining({ status: "INVALID_ARGUMENT", message: expect.stringContaining(`'${text}'`) }),
    );
  });
});

describe("reason codes", () => {
  it.each([
    [5, "PERMISSION_DENIED"],
    [134, "UNAUTHENTICATED"],
    [149, "RESOURCE_EXHAUSTED"],
    [136, "UNAVAILABLE"],
    ["ECONNREFUSED", "UNAVAILABLE"],
  ])("%s is %s", (code, status) => {
    const error = transportErrorOf(Object.assign(new Error("no"), { code }), "it failed");
    expect(error).toMatchObject({ status, message: "it failed: no" });
  });

  it("an error of several addresses, which has no message, is told by its code", () => {
    const error = Object.assign(new AggregateError([], ""), { code: "ECONNREFUSED" });
    expect(transportErrorOf(error, "it failed").message).toBe("it failed: ECONNREFUSED");
  });

  it("tells a refused protocol version from other refusals", () => {
    expect([1, 132, "CLOSED_EARLY"].map((code) => isVersionRefused({ code }))).toEqual([true, true, true]);
    expect([5, "ECONNREFUSED", undefined].map((code) => isVersionRefused({ code }))).toEqual([
      false,
      false,
      false,
    ]);
  });
});
