import { Tensor as OrtTensor } from "onnxruntime-node";
import { TransportError } from "../core/errors.ts";
import { DATATYPE_BYTES, type Datatype, packBytes, splitBytes, type Tensor } from "../core/tensor.ts";

type OrtType = OrtTensor.Type;

const ORT_TYPES: Readonly<Partial<Record<Datatype, OrtType>>> = {
  BOOL: "bool",
  UINT8: "uint8",
  UINT16: "uint16",
  UINT32: "uint32",
  UINT64: "uint64",
  INT8: "int8",
  INT16: "int16",
  INT32: "int32",
  INT64: "int64",
  FP16: "float16",
  FP32: "float32",
  FP64: "float64",
  BYTES: "string",
};

const DATATYPES = new Map(Object.entries(ORT_TYPES).map(([datatype, type]) => [type, datatype as Datatype]));

/**
 * A tensor's bytes as ONNX Runtime's tensor, by reference; bytes that do not lie on a multiple of the element's
 * size are copied first, since typed arrays demand it.
 * @throws {TransportError} INVALID_ARGUMENT for BF16 and for BYTES that are no text, which the runtime's Node binding cannot take.
 */
export function toOrtTensor(tensor: Tensor): OrtTensor {
  const { name, datatype, shape, data } = tensor;
  const type = ORT_TYPES[datatype];
  if (type === undefined) {
    throw new TransportError("INVALID_ARGUMENT", `tensor '${name}': ${datatype} cannot be served`);
  }
  if (datatype === "BYTES") {
    return new OrtTensor("string", textsOf(data, name), shape);
  }
  return new OrtTensor(type, numbersOf(data, datatype), shape);
}

/** An output of ONNX Runtime as a tensor: its bytes are a view of the runtime's answer, not a copy. */
export function fromOrtTensor(name: string, tensor: OrtTensor): Tensor {
  const datatype = DATATYPES.get(tensor.type);
  if (datatype === undefined) {
    throw new TransportError("INTERNAL", `output '${name}' has the unsupported type ${tensor.type}`);
  }
  const shape = [...tensor.dims];
  if (datatype === "BYTES") {
    const encoder = new TextEncoder();
    return {
      name,
      datatype,
      shape,
      data: packBytes((tensor.data as string[]).map((text) => encoder.encode(text))),
    };
  }
  const { buffer, byteOffset, byteLength } = tensor.data as Uint8Array;
  return { name, datatype, shape, data: new Uint8Array(buffer, byteOffset, byteLength) };
}

/** The binding takes texts alone, and ends each where it holds a NUL: what would come out changed is refused. */
function textsOf(data: Uint8Array, name: string): string[] {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return splitBytes(data, name).map((element, at) => {
    const refuse = (why: string, cause?: unknown): TransportError =>
      new TransportError("INVALID_ARGUMENT", `tensor '${name}': BYTES element ${at} ${why}`, { cause });
    if (element.includes(0)) throw refuse("holds a NUL, at which ONNX Runtime ends a text");
    try {
      return decoder.decode(element);
    } catch (cause) {
      throw refuse("is not UTF-8, and ONNX Runtime takes texts alone", cause);
    }
  });
}

type Numbers = Exclude<OrtTensor.DataType, readonly string[]>;

function numbersOf(bytes: Uint8Array, datatype: Datatype): Numbers {
  const size = DATATYPE_BYTES[datatype];
  // ONNX Runtime takes no SharedArrayBuffer either.
  const usable = bytes.byteOffset % size === 0 && bytes.buffer instanceof ArrayBuffer;
  const { buffer, byteOffset, byteLength } = usable ? bytes : new Uint8Array(bytes);
  const length = byteLength / size;
  switch (datatype) {
    case "BOOL":
    case "UINT8":
      return new Uint8Array(buffer, byteOffset, length);
    case "INT8":
      return new Int8Array(buffer, byteOffset, length);
    case "UINT16":
    case "FP16":
    case "BF16":
      return new Uint16Array(buffer, byteOffset, length);
    case "INT16":
      return new Int16Array(buffer, byteOffset, length);
    case "UINT32":
      return new Uint32Array(buffer, byteOffset, length);
    case "INT32":
      return new Int32Array(buffer, byteOffset, length);
    case "UINT64":
      return new BigUint64Array(buffer, byteOffset, length);
    case "INT64":
      return new BigInt64Array(buffer, byteOffset, length);
    case "FP32":
      return new Float32Array(buffer, byteOffset, length);
    case "FP64":
      return new Float64Array(buffer, byteOffset, length);
    case "BYTES":
      throw new TypeError("BYTES are texts, not numbers");
  }
}
