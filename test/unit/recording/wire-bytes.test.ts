import { describe, expect, it } from "vitest";
import { tcpPayloadBytes, type WireBytes, wireBytesPerRequest } from "../../../src/recording/wire-bytes.ts";

const run = (requests: number, requestBytes: number, more: Partial<WireBytes> = {}): WireBytes => ({
  counted: "frames",
  requests,
  requestBytes,
  responseBytes: requests,
  ...more,
});

describe("wireBytesPerRequest", () => {
  it("weighs runs by their requests", () => {
    expect(wireBytesPerRequest([run(1, 100), run(3, 900)])).toEqual({
      counted: "frames",
      requestBytes: 250,
      responseBytes: 1,
    });
  });

  it("is none where a run has none, sent nothing, or was counted in another way", () => {
    expect(wireBytesPerRequest([])).toBeUndefined();
    expect(wireBytesPerRequest([run(1, 100), undefined])).toBeUndefined();
    expect(wireBytesPerRequest([run(0, 100)])).toBeUndefined();
    expect(wireBytesPerRequest([run(1, 100), run(1, 90, { counted: "tcp-payload" })])).toBeUndefined();
  });

  it("keeps the broker's other link apart", () => {
    const behindBroker = { requestBytes: 20, responseBytes: 10 };
    expect(wireBytesPerRequest([run(2, 30, { behindBroker })])?.behindBroker).toEqual({
      requestBytes: 10,
      responseBytes: 5,
    });
  });
});

it("a client's written bytes are the way of requests", () => {
  expect(tcpPayloadBytes(2, { connections: 1, writtenBytes: 30, readBytes: 10 })).toEqual({
    counted: "tcp-payload",
    requests: 2,
    requestBytes: 30,
    responseBytes: 10,
  });
  expect(tcpPayloadBytes(2, undefined)).toBeUndefined();
});
