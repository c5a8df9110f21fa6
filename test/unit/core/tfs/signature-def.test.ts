import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import { expect, it } from "vitest";
import type { TensorMetadata } from "../../../../src/core/metadata.ts";
import { decodeSignatureMap, encodeSignatureMap } from "../../../../src/core/tfs/signature-def.ts";

const root = new protobuf.Root();
root.resolvePath = (_origin, target) =>
  target.startsWith("google/")
    ? target
    : fileURLToPath(new URL(`../../../../proto/${target.split("/").at(-1)}`, import.meta.url));
root.loadSync("tensorflow_serving.proto", { keepCase: true });
const mapType = root.lookupType("tensorflow.serving.SignatureDefMap");

const inputs: TensorMetadata[] = [
  { name: "image", datatype: "FP32", shape: [-1, 1024, 2048, 3] },
  { name: "scale", datatype: "INT64", shape: [] },
];
const outputs: TensorMetadata[] = [{ name: "ids", datatype: "UINT8", shape: [0, 7] }];

it("comes back as it was", () => {
  expect(decodeSignatureMap(encodeSignatureMap({ inputs, outputs }))).toEqual({ inputs, outputs });
});

it("is read by generated code", () => {
  const read = mapType.toObject(mapType.decode(encodeSignatureMap({ inputs, outputs })), {
    longs: Number,
    enums: String,
  });
  expect(read["signature_def"].serving_default).toEqual({
    inputs: {
      image: {
        name: "image:0",
        dtype: "DT_FLOAT",
        tensor_shape: { dim: [{ size: -1 }, { size: 1024 }, { size: 2048 }, { size: 3 }] },
      },
      scale: { name: "scale:0", dtype: "DT_INT64", tensor_shape: {} },
    },
    outputs: { ids: { name: "ids:0", dtype: "DT_UINT8", tensor_shape: { dim: [{}, { size: 7 }] } } },
    method_name: "tensorflow/serving/predict",
  });
});

it("takes another signature that predicts where there is no serving_default, and leaves out unknown types", () => {
  const other = {
    method_name: "tensorflow/serving/predict",
    inputs: { a: { dtype: 1 }, odd: { dtype: 20 } },
    outputs: {},
  };
  const map = { signature_def: { train: { method_name: "train" }, other } };
  const bytes = mapType.encode(mapType.fromObject(map)).finish();
  expect(decodeSignatureMap(bytes)).toEqual({
    inputs: [{ name: "a", datatype: "FP32", shape: [] }],
    outputs: [],
  });
  expect(decodeSignatureMap(new Uint8Array())).toBeUndefined();
});

it("tells an unknown rank from a scalar", () => {
  const definition = {
    method_name: "tensorflow/serving/predict",
    inputs: {
      any: { dtype: 1, tensor_shape: { unknown_rank: true } },
      scalar: { dtype: 1, tensor_shape: {} },
    },
    outputs: {},
  };
  const bytes = mapType
    .encode(mapType.fromObject({ signature_def: { serving_default: definition } }))
    .finish();
  expect(decodeSignatureMap(bytes)?.inputs).toEqual([
    { name: "any", datatype: "FP32", shape: [], unknownRank: true },
    { name: "scalar", datatype: "FP32", shape: [] },
  ]);
});
