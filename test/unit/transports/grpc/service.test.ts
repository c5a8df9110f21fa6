import { describe, expect, it } from "vitest";
import {
  decodeInferRequest,
  decodeInferResponse,
  encodeInferRequest,
  encodeInferResponse,
  joinParts,
} from "../../../../src/core/oip/protobuf.ts";
import { inferenceService } from "../../../../src/transports/grpc/service.ts";

/** proto-loader's codecs, made from proto/inference.proto: another implementation to compare ours with. */
const { ModelInfer, ServerLive } = inferenceService();
const data = Uint8Array.of(0, 0, 128, 63, 0, 0, 32, 192);

describe("proto/inference.proto", () => {
  it("ServerLiveResponse (golden G6)", () => {
    expect(ServerLive.responseSerialize({ live: true }).toString("hex")).toBe("0801");
    expect(ServerLive.path).toBe("/inference.GRPCInferenceService/ServerLive");
  });

  it("reads what our request encoder writes", () => {
    const request = {
      modelName: "m",
      modelVersion: "2",
      id: "ü",
      parameters: { flag: true, count: -3, share: 0.5, text: "x" },
      inputs: [
        { name: "x", datatype: "FP32", shape: [1, 2], data, parameters: { wirebench_content: "rgb8" } },
      ],
      outputs: [{ name: "y", parameters: { classification: 3 } }],
    } as const;
    expect(ModelInfer.requestDeserialize(Buffer.from(joinParts(encodeInferRequest(request))))).toMatchObject({
      model_name: "m",
      model_version: "2",
      id: "ü",
      parameters: {
        flag: { bool_param: true },
        count: { int64_param: -3 },
        share: { double_param: 0.5 },
        text: { string_param: "x" },
      },
      inputs: [
        {
          name: "x",
          datatype: "FP32",
          shape: [1, 2],
          parameters: { wirebench_content: { string_param: "rgb8" } },
        },
      ],
      outputs: [{ name: "y", parameters: { classification: { int64_param: 3 } } }],
      raw_input_contents: [Buffer.from(data)],
    });
  });

  it("writes typed requests that our decoder reads", () => {
    const typed = {
      model_name: "m",
      inputs: [
        { name: "a", datatype: "FP32", shape: [2], contents: { fp32_contents: [1, -2.5] } },
        { name: "b", datatype: "INT64", shape: [2], contents: { int64_contents: [-1, 2] } },
        { name: "c", datatype: "BYTES", shape: [1], contents: { bytes_contents: [Buffer.from("bird")] } },
      ],
      parameters: { n: { uint64_param: 7 } },
    };
    const request = decodeInferRequest(ModelInfer.requestSerialize(typed));
    expect(request.parameters).toEqual({ n: 7 });
    expect(request.inputs.map((input) => Buffer.from(input.data).toString("hex"))).toEqual([
      "0000803f000020c0",
      "ffffffffffffffff0200000000000000",
      "0400000062697264",
    ]);
  });

  it("reads and writes responses as our codec does", () => {
    const response = {
      modelName: "m",
      modelVersion: "1",
      id: "7",
      parameters: { wirebench_out_ns: 123_456_789_012_345 },
      outputs: [{ name: "y", datatype: "FP32", shape: [2], data }],
    } as const;
    const ours = Buffer.from(joinParts(encodeInferResponse(response)));
    const theirs = ModelInfer.responseSerialize(ModelInfer.responseDeserialize(ours));
    expect(decodeInferResponse(theirs)).toEqual(response);
  });
});
