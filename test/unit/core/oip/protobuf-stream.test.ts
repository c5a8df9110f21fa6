import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeInferResponse, encodeInferResponse, joinParts } from "../../../../src/core/oip/protobuf.ts";
import { decodeStreamAnswer, encodeStreamAnswer } from "../../../../src/core/oip/protobuf-stream.ts";

const responseOf = (id: string, data: Uint8Array) => ({
  modelName: "m",
  modelVersion: "1",
  id,
  parameters: undefined,
  outputs: [{ name: "y", datatype: "UINT8" as const, shape: [data.byteLength], data, parameters: undefined }],
});

describe("the answers of a stream", () => {
  it("carry a response or what went wrong, whatever both are", () => {
    fc.assert(
      fc.property(fc.string(), fc.uint8Array({ maxLength: 300 }), fc.string(), (id, data, text) => {
        const message = encodeStreamAnswer(encodeInferResponse(responseOf(id, data)), text);
        const bytes = joinParts(message);
        expect(bytes.byteLength).toBe(message.byteLength);
        const { errorMessage, response } = decodeStreamAnswer(bytes);
        expect(errorMessage).toBe(text);
        const decoded = decodeInferResponse(response);
        expect(decoded.id).toBe(id);
        expect([...(decoded.outputs[0]?.data ?? [])]).toEqual([...data]);
      }),
    );
  });

  it("may lack either, and have fields that nobody knows", () => {
    expect(decodeStreamAnswer(new Uint8Array())).toEqual({ errorMessage: "", response: new Uint8Array() });
    const unknown = Buffer.from("1a0178", "hex");
    const onlyText = Buffer.concat([Buffer.from("0a026e6f", "hex"), unknown]);
    expect(decodeStreamAnswer(onlyText)).toEqual({ errorMessage: "no", response: new Uint8Array() });
  });

  it("are refused when they are malformed", () => {
    expect(() => decodeStreamAnswer(Buffer.from("12ff", "hex"))).toThrow(
      expect.objectContaining({ status: "INVALID_ARGUMENT" }),
    );
  });
});
