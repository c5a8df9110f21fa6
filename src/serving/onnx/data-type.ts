import type { Datatype } from "../../core/tensor.ts";

/** TensorProto.DataType numbers that the project writes itself. */
export const DATA_TYPE = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7, float16: 10 } as const;

/** ONNX's element types by number: the Open Inference Protocol's name. @see onnx.proto, TensorProto.DataType */
const OIP_NAMES: Readonly<Record<number, Datatype>> = {
  1: "FP32",
  2: "UINT8",
  3: "INT8",
  4: "UINT16",
  5: "INT16",
  6: "INT32",
  7: "INT64",
  8: "BYTES",
  9: "BOOL",
  10: "FP16",
  11: "FP64",
  12: "UINT32",
  13: "UINT64",
  16: "BF16",
};

/** The protocol's name of an ONNX element type; undefined for those it does not have (complex, 8- and 4-bit floats). */
export function datatypeOf(elementType: number): Datatype | undefined {
  return OIP_NAMES[elementType];
}

/** The ONNX number of a protocol datatype. */
export function elementTypeOf(datatype: Datatype): number {
  return Number(Object.entries(OIP_NAMES).find(([, name]) => name === datatype)![0]);
}
