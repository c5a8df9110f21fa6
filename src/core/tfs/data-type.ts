import type { Datatype } from "../tensor.ts";

/** One of TensorFlow's element types: its number in protobuf, its name there, and its short name in error texts. */
export interface TensorflowType {
  readonly number: number;
  readonly name: string;
  readonly shortName: string;
}

/** @see https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/types.proto */
const TYPES: Readonly<Record<Datatype, readonly [number: number, shortName: string]>> = {
  FP32: [1, "float"],
  FP64: [2, "double"],
  INT32: [3, "int32"],
  UINT8: [4, "uint8"],
  INT16: [5, "int16"],
  INT8: [6, "int8"],
  BYTES: [7, "string"],
  INT64: [9, "int64"],
  BOOL: [10, "bool"],
  BF16: [14, "bfloat16"],
  UINT16: [17, "uint16"],
  FP16: [19, "half"],
  UINT32: [22, "uint32"],
  UINT64: [23, "uint64"],
};

const DATATYPES = Object.keys(TYPES) as Datatype[];

/** TensorFlow's type of a datatype of the Open Inference Protocol. */
export function tensorflowType(datatype: Datatype): TensorflowType {
  const [number, shortName] = TYPES[datatype];
  return { number, shortName, name: `DT_${shortName.toUpperCase()}` };
}

/** The datatype of TensorFlow's number; `undefined` for complex, quantised and other types that have none. */
export function datatypeOfNumber(number: number): Datatype | undefined {
  return DATATYPES.find((datatype) => TYPES[datatype][0] === number);
}

/** The datatype of a name such as `DT_FLOAT`. */
export function datatypeOfName(name: string): Datatype | undefined {
  return DATATYPES.find((datatype) => tensorflowType(datatype).name === name);
}
