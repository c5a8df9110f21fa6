import { describe, expect, it } from "vitest";
import { decodeInferResponse, encodeInferResponse, joinParts } from "../../../../src/core/oip/protobuf.ts";
import { encodeStreamAnswer } from "../../../../src/core/oip/protobuf-stream.ts";

const RESPONSE = {
  modelName: "seg",
  modelVersion: "1",
  id: "r1",
  outputs: [{ name: "y", datatype: "UINT8", shape: [300], data: new Uint8Array(300).fill(7) }],
} as const;

describe("ModelStreamInferResponse", () => {
  it("is tag, length and the response, whose tensors are not copied", () => {
    const response = encodeInferResponse(RESPONSE);
    const message = encodeStreamAnswer(response);
    expect(message.parts).toContain(RESPONSE.outputs[0].data);
    const bytes = joinParts(message);
    expect(bytes.byteLength).toBe(message.byteLength);
    // Field 2, and a length above 127 in two bytes.
    const { byteLength } = response;
    expect([...bytes.subarray(0, 3)]).toEqual([0x12, (byteLength & 0x7f) | 0x80, byteLength >> 7]);
    expect(decodeInferResponse(bytes.subarray(3))).toMatchObject(RESPONSE);
  });

  it("has the text of a failure in front of the response that tells whose it is", () => {
    const failed = { ...RESPONSE, outputs: [] };
    const bytes = joinParts(encodeStreamAnswer(encodeInferResponse(failed), "none"));
    // Field 1 with four characters, then field 2.
    expect([...bytes.subarray(0, 7)]).toEqual([0x0a, 4, ...Buffer.from("none"), 0x12]);
    expect(decodeInferResponse(bytes.subarray(8))).toMatchObject({ id: "r1" });
  });
});
