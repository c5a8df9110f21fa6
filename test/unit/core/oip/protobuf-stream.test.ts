import { describe, expect, it } from "vitest";
import { encodeInferResponse, joinParts } from "../../../../src/core/oip/protobuf.ts";
import { decodeStreamAnswer, encodeStreamAnswer } from "../../../../src/core/oip/protobuf-stream.ts";

const RESPONSE = {
  modelName: "seg",
  modelVersion: "1",
  id: "r1",
  outputs: [{ name: "y", datatype: "UINT8", shape: [300], data: new Uint8Array(300).fill(7) }],
} as const;

describe("ModelStreamInferResponse", () => {
  it("wraps a response without copying its tensors", () => {
    const message = encodeStreamAnswer(encodeInferResponse(RESPONSE));
    expect(message.parts).toContain(RESPONSE.outputs[0].data);
    const bytes = joinParts(message);
    expect(bytes.byteLength).toBe(message.byteLength);
    // Field 2, and a length that needs two bytes.
    expect([bytes[0], bytes[1]! & 0x80]).toEqual([0x12, 0x80]);
    expect(decodeStreamAnswer(bytes)).toMatchObject({ errorMessage: "", response: RESPONSE });
  });

  it("carries a failure with the id of its request", () => {
    const bytes = joinParts(
      encodeStreamAnswer(encodeInferResponse({ ...RESPONSE, outputs: [] }), "no such model"),
    );
    expect(decodeStreamAnswer(bytes)).toMatchObject({
      errorMessage: "no such model",
      response: { id: "r1" },
    });
  });

  it("refuses bytes that are cut off", () => {
    const bytes = joinParts(encodeStreamAnswer(encodeInferResponse(RESPONSE)));
    expect(() => decodeStreamAnswer(bytes.subarray(0, -1))).toThrow(
      expect.objectContaining({ status: "INVALID_ARGUMENT" }),
    );
    expect(decodeStreamAnswer(new Uint8Array())).toEqual({ errorMessage: "", response: undefined });
  });
});
