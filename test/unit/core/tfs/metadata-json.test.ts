import { describe, expect, it } from "vitest";
import type { ModelMetadata } from "../../../../src/core/metadata.ts";
import {
  readMetadata,
  withModelHeader,
  writeMetadata,
  writeModelHeader,
} from "../../../../src/core/tfs/metadata-json.ts";

const model: ModelMetadata = {
  name: "m",
  versions: ["1", "3"],
  platform: "onnxruntime_onnx",
  inputs: [{ name: "image", datatype: "FP32", shape: [-1, 2, 3] }],
  outputs: [{ name: "label", datatype: "BYTES", shape: [-1] }],
  properties: { wirebench_recipe: '{"colour":"rgb"}' },
};
const told = (): ReturnType<typeof readMetadata> =>
  readMetadata(JSON.parse(JSON.stringify(writeMetadata(model, "3"))));

describe("a model's metadata in protobuf's JSON", () => {
  it("has texts for 64-bit numbers and TensorFlow's names", () => {
    expect(writeMetadata(model, "3")).toEqual({
      model_spec: { name: "m", signature_name: "", version: "3" },
      metadata: {
        signature_def: {
          signature_def: {
            serving_default: {
              inputs: {
                image: {
                  dtype: "DT_FLOAT",
                  tensor_shape: {
                    dim: [
                      { size: "-1", name: "" },
                      { size: "2", name: "" },
                      { size: "3", name: "" },
                    ],
                    unknown_rank: false,
                  },
                  name: "image:0",
                },
              },
              outputs: {
                label: {
                  dtype: "DT_STRING",
                  tensor_shape: { dim: [{ size: "-1", name: "" }], unknown_rank: false },
                  name: "label:0",
                },
              },
              method_name: "tensorflow/serving/predict",
            },
          },
        },
      },
    });
  });

  it("comes back whole from a server of ours, without platform and properties from another", () => {
    expect(withModelHeader(told(), writeModelHeader(model))).toEqual(model);
    expect(withModelHeader(told(), undefined)).toEqual({
      name: "m",
      versions: ["3"],
      platform: "tensorflow",
      inputs: model.inputs,
      outputs: model.outputs,
    });
    expect(withModelHeader(told(), "{")).toMatchObject({ platform: "tensorflow" });
  });

  it("tells an unknown rank from a scalar", () => {
    const inputs = {
      any: { dtype: "DT_FLOAT", tensor_shape: { dim: [], unknown_rank: true } },
      scalar: { dtype: "DT_FLOAT", tensor_shape: { dim: [], unknown_rank: false } },
    };
    const found = readMetadata({
      model_spec: { name: "m" },
      metadata: { signature_def: { signature_def: { serving_default: { inputs, outputs: {} } } } },
    });
    expect(found.signature.inputs).toEqual([
      { name: "any", datatype: "FP32", shape: [], unknownRank: true },
      { name: "scalar", datatype: "FP32", shape: [] },
    ]);
  });

  it.each([null, {}, { model_spec: {}, metadata: {} }])("%j is the server's fault", (value) => {
    expect(() => readMetadata(value)).toThrow(expect.objectContaining({ status: "INTERNAL" }) as Error);
  });
});
