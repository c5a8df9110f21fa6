import { describe, expect, it } from "vitest";
import { TransportError } from "../../../../src/core/errors.ts";
import type { InferResponse } from "../../../../src/core/inference.ts";
import { decodeInferResponse } from "../../../../src/core/oip/protobuf.ts";
import type { Parameters } from "../../../../src/core/parameters.ts";
import { readRequest, readResponse, writeResponse } from "../../../../src/transports/grpc/codec.ts";
import type { MessageForm } from "../../../../src/transports/grpc/message.ts";

const LIMIT_BYTES = 100_000;
const response = (): InferResponse => ({
  modelName: "m",
  modelVersion: "1",
  id: "7",
  parameters: { wirebench_infer_ns: 5 },
  outputs: [
    { name: "a", datatype: "UINT8", shape: [3], data: Uint8Array.of(1, 2, 3) },
    { name: "b", datatype: "UINT8", shape: [2], data: Uint8Array.of(4, 5) },
  ],
});

function written(answer: InferResponse, parameters: () => Parameters, form: MessageForm): InferResponse {
  const message = writeResponse(answer, parameters, form, LIMIT_BYTES);
  const bytes = new Uint8Array(message.byteLength);
  expect(message.copy(bytes)).toBe(message.length);
  return decodeInferResponse(bytes);
}

describe.each(["lazy", "plain"] as const)("writeResponse, %s", (form) => {
  it("writes the outputs with the parameters that were taken last", () => {
    const parameters = { wirebench_infer_ns: 5, wirebench_out_ns: 123_456_789_012_345 };
    expect(written(response(), () => parameters, form)).toEqual({ ...response(), parameters });
  });

  it("writes an answer without outputs", () => {
    expect(written({ ...response(), outputs: [] }, () => ({ a: 1 }), form)).toMatchObject({ outputs: [] });
  });

  it("writes a head of any size", () => {
    const text = "x".repeat(20_000);
    expect(written(response(), () => ({ text }), form)).toEqual({ ...response(), parameters: { text } });
  });

  it("refuses an answer over the limit with RESOURCE_EXHAUSTED", () => {
    const data = new Uint8Array(LIMIT_BYTES);
    const outputs = [{ name: "a", datatype: "UINT8", shape: [LIMIT_BYTES], data }] as const;
    expect(() => writeResponse({ ...response(), outputs }, () => ({}), form, LIMIT_BYTES)).toThrow(
      expect.objectContaining({ status: "RESOURCE_EXHAUSTED" }),
    );
    const text = "x".repeat(LIMIT_BYTES);
    expect(() => writeResponse(response(), () => ({ text }), form, LIMIT_BYTES)).toThrow(
      expect.objectContaining({ status: "RESOURCE_EXHAUSTED" }),
    );
  });
});

describe("the last mark", () => {
  it("is taken after plain outputs were copied", () => {
    const answer = response();
    const decoded = written(
      answer,
      () => {
        answer.outputs[0]?.data.fill(0xee);
        answer.outputs[1]?.data.fill(0xee);
        return {};
      },
      "plain",
    );
    // The first part is the head alone: every output is behind it.
    expect(decoded.outputs.map(({ data }) => [...data])).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });
});

describe("reading", () => {
  it("returns what is wrong instead of throwing it", () => {
    const malformed = Uint8Array.of(0x0a, 0x05);
    expect(readRequest(malformed)).toMatchObject({ name: "TransportError", status: "INVALID_ARGUMENT" });
    const answer = readResponse(malformed);
    expect(answer).toBeInstanceOf(TransportError);
    expect(answer).toMatchObject({ status: "INTERNAL" });
    expect(String(answer)).toContain("the server's answer is malformed: malformed protobuf message");
  });
});
