import { describe, expect, it } from "vitest";
import { parseInferResponse } from "../../../../src/core/oip/json.ts";
import { decodeInferRequest, decodeInferResponse } from "../../../../src/core/oip/protobuf.ts";

const json = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

describe("an answer as other servers write it", () => {
  it("has null for what is not there, and objects in its parameters", () => {
    const answer = parseInferResponse(
      json({
        model_name: "m",
        model_version: null,
        id: null,
        parameters: { headers: { a: 1 }, content_type: "np", nothing: null },
        outputs: [{ name: "y", shape: [2], datatype: "UINT8", parameters: null, data: [[1], [2]] }],
      }),
    );
    expect(answer).toEqual({
      modelName: "m",
      modelVersion: "",
      id: "",
      parameters: { content_type: "np" },
      outputs: [
        { name: "y", datatype: "UINT8", shape: [2], data: Uint8Array.of(1, 2), parameters: undefined },
      ],
    });
  });

  it("has NaN and infinities as bare words, as Triton and Python write them", () => {
    const text =
      '{"model_name":"m","outputs":[{"name":"y","datatype":"FP32","shape":[3],"data":[NaN,-Infinity,0.5]}]}';
    const { outputs } = parseInferResponse(new TextEncoder().encode(text));
    expect([...new Float32Array(outputs[0]?.data.buffer ?? new ArrayBuffer(0))]).toEqual([
      NaN,
      -Infinity,
      0.5,
    ]);
  });

  it.each([
    { model_name: null, outputs: [] },
    { model_name: "m", outputs: null },
    { model_name: "m", outputs: [null] },
    { model_name: "m", outputs: [{ name: "y", shape: [1], datatype: "UINT8", data: null }] },
  ])("is not believed without what it must have: %j", (answer) => {
    expect(() => parseInferResponse(json(answer))).toThrow(expect.objectContaining({ status: "INTERNAL" }));
  });

  it("has an empty message of contents beside raw bytes; a request must not", () => {
    const hex = (text: string): Uint8Array => Buffer.from(text, "hex");
    // tensor: name y, UINT8, [2], contents {}
    const tensor = "0a0179120555494e54381a01022a00";
    const size = (tensor.length / 2).toString(16).padStart(2, "0");
    const answer = decodeInferResponse(hex(`0a016d2a${size}${tensor}32020708`));
    expect(answer.outputs[0]).toMatchObject({ name: "y", shape: [2], data: Uint8Array.of(7, 8) });
    const full = "0a0179120555494e54381a01022a0422020708";
    const fullSize = (full.length / 2).toString(16).padStart(2, "0");
    expect(() => decodeInferResponse(hex(`0a016d2a${fullSize}${full}32020708`))).toThrow(
      /must not be specified/,
    );
    expect(() => decodeInferRequest(hex(`0a016d2a${size}${tensor}3a020708`))).toThrow(
      /must not be specified/,
    );
  });
});
