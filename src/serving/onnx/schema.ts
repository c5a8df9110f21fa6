import protobuf from "protobufjs";

/** A protobuf int64 as protobufjs hands it out; read it with {@link toNumber}. Plain numbers are accepted when writing. */
export type Int64 = number | { toNumber(): number };

/** ONNX's TensorProto. `raw_data` is a view into the file's bytes: it is never copied on reading. */
export interface TensorProto {
  dims?: Int64[];
  dataType?: number;
  name?: string;
  rawData?: Uint8Array;
  floatData?: number[];
  int32Data?: number[];
  int64Data?: Int64[];
  doubleData?: number[];
  uint64Data?: Int64[];
  stringData?: Uint8Array[];
  externalData?: StringStringEntry[];
  dataLocation?: number;
}

export interface StringStringEntry {
  key?: string;
  value?: string;
}

export interface AttributeProto {
  name?: string;
  /** {@link ATTRIBUTE_TYPE} */
  type?: number;
  f?: number;
  i?: Int64;
  s?: Uint8Array;
  t?: TensorProto;
  g?: GraphProto;
  floats?: number[];
  ints?: Int64[];
  strings?: Uint8Array[];
  graphs?: GraphProto[];
}

export interface NodeProto {
  input?: string[];
  output?: string[];
  name?: string;
  opType?: string;
  domain?: string;
  attribute?: AttributeProto[];
}

/** One dimension: a number, a name, or neither (unknown). */
export interface DimensionProto {
  dimValue?: Int64 | null;
  dimParam?: string | null;
}

export interface TypeProto {
  tensorType?: { elemType?: number; shape?: { dim?: DimensionProto[] } | null } | null;
}

export interface ValueInfoProto {
  name?: string;
  type?: TypeProto | null;
}

export interface GraphProto {
  node?: NodeProto[];
  name?: string;
  initializer?: TensorProto[];
  sparseInitializer?: { values?: TensorProto | null }[];
  input?: ValueInfoProto[];
  output?: ValueInfoProto[];
  valueInfo?: ValueInfoProto[];
}

export interface OperatorSetId {
  domain?: string;
  version?: Int64;
}

export interface ModelProto {
  irVersion?: Int64;
  opsetImport?: OperatorSetId[];
  producerName?: string;
  producerVersion?: string;
  graph?: GraphProto | null;
  metadataProps?: StringStringEntry[];
  functions?: unknown[];
}

/** AttributeProto.AttributeType. */
export const ATTRIBUTE_TYPE = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  floats: 6,
  ints: 7,
  strings: 8,
} as const;

/** `rule type name = id` lines of one message; rules: `` (optional), `r` (repeated), `o` (member of the oneof `value`). */
type Fields = Readonly<Record<string, readonly [type: string, id: number, rule?: "r" | "o"]>>;

// Every field of ONNX IR 10 is named, also those never looked at: what the reader does not know is lost on writing.
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
const MESSAGES: Readonly<Record<string, Fields>> = {
  StringStringEntry: { key: ["string", 1], value: ["string", 2] },
  OperatorSetId: { domain: ["string", 1], version: ["int64", 2] },
  Segment: { begin: ["int64", 1], end: ["int64", 2] },
  Tensor: {
    dims: ["int64", 1, "r"],
    dataType: ["int32", 2],
    segment: ["Segment", 3],
    floatData: ["float", 4, "r"],
    int32Data: ["int32", 5, "r"],
    stringData: ["bytes", 6, "r"],
    int64Data: ["int64", 7, "r"],
    name: ["string", 8],
    rawData: ["bytes", 9],
    doubleData: ["double", 10, "r"],
    uint64Data: ["uint64", 11, "r"],
    docString: ["string", 12],
    externalData: ["StringStringEntry", 13, "r"],
    dataLocation: ["int32", 14],
    metadataProps: ["StringStringEntry", 16, "r"],
  },
  SparseTensor: { values: ["Tensor", 1], indices: ["Tensor", 2], dims: ["int64", 3, "r"] },
  Attribute: {
    name: ["string", 1],
    f: ["float", 2],
    i: ["int64", 3],
    s: ["bytes", 4],
    t: ["Tensor", 5],
    g: ["Graph", 6],
    floats: ["float", 7, "r"],
    ints: ["int64", 8, "r"],
    strings: ["bytes", 9, "r"],
    tensors: ["Tensor", 10, "r"],
    graphs: ["Graph", 11, "r"],
    docString: ["string", 13],
    tp: ["Type", 14],
    typeProtos: ["Type", 15, "r"],
    type: ["int32", 20],
    refAttrName: ["string", 21],
    sparseTensor: ["SparseTensor", 22],
    sparseTensors: ["SparseTensor", 23, "r"],
  },
  Node: {
    input: ["string", 1, "r"],
    output: ["string", 2, "r"],
    name: ["string", 3],
    opType: ["string", 4],
    attribute: ["Attribute", 5, "r"],
    docString: ["string", 6],
    domain: ["string", 7],
    overload: ["string", 8],
    metadataProps: ["StringStringEntry", 9, "r"],
  },
  Dimension: { dimValue: ["int64", 1, "o"], dimParam: ["string", 2, "o"], denotation: ["string", 3] },
  Shape: { dim: ["Dimension", 1, "r"] },
  TensorType: { elemType: ["int32", 1], shape: ["Shape", 2] },
  SequenceType: { elemType: ["Type", 1] },
  MapType: { keyType: ["int32", 1], valueType: ["Type", 2] },
  Type: {
    tensorType: ["TensorType", 1, "o"],
    sequenceType: ["SequenceType", 4, "o"],
    mapType: ["MapType", 5, "o"],
    denotation: ["string", 6],
    sparseTensorType: ["TensorType", 8, "o"],
    optionalType: ["SequenceType", 9, "o"],
  },
  ValueInfo: {
    name: ["string", 1],
    type: ["Type", 2],
    docString: ["string", 3],
    metadataProps: ["StringStringEntry", 4, "r"],
  },
  TensorAnnotation: { tensorName: ["string", 1], quantParameterTensorNames: ["StringStringEntry", 2, "r"] },
  Graph: {
    node: ["Node", 1, "r"],
    name: ["string", 2],
    initializer: ["Tensor", 5, "r"],
    docString: ["string", 10],
    input: ["ValueInfo", 11, "r"],
    output: ["ValueInfo", 12, "r"],
    valueInfo: ["ValueInfo", 13, "r"],
    quantizationAnnotation: ["TensorAnnotation", 14, "r"],
    sparseInitializer: ["SparseTensor", 15, "r"],
    metadataProps: ["StringStringEntry", 16, "r"],
  },
  Function: {
    name: ["string", 1],
    input: ["string", 4, "r"],
    output: ["string", 5, "r"],
    attribute: ["string", 6, "r"],
    node: ["Node", 7, "r"],
    docString: ["string", 8],
    opsetImport: ["OperatorSetId", 9, "r"],
    domain: ["string", 10],
    attributeProto: ["Attribute", 11, "r"],
    valueInfo: ["ValueInfo", 12, "r"],
    overload: ["string", 13],
    metadataProps: ["StringStringEntry", 14, "r"],
  },
  Model: {
    irVersion: ["int64", 1],
    producerName: ["string", 2],
    producerVersion: ["string", 3],
    domain: ["string", 4],
    modelVersion: ["int64", 5],
    docString: ["string", 6],
    graph: ["Graph", 7],
    opsetImport: ["OperatorSetId", 8, "r"],
    metadataProps: ["StringStringEntry", 14, "r"],
    functions: ["Function", 25, "r"],
  },
};

function descriptor(): protobuf.INamespace {
  const nested: Record<string, protobuf.IType> = {};
  for (const [message, fields] of Object.entries(MESSAGES)) {
    const entries = Object.entries(fields);
    const members = entries.filter(([, [, , rule]]) => rule === "o").map(([name]) => name);
    nested[message] = {
      ...(members.length > 0 ? { oneofs: { value: { oneof: members } } } : {}),
      fields: Object.fromEntries(
        entries.map(([name, [type, id, rule]]) => [
          name,
          {
            type,
            id,
            ...(rule === "r" ? { rule: "repeated" } : {}),
            // onnx.proto is proto2: repeated numbers are unpacked unless it says packed, and both forms must be read.
            ...(rule === "r" && name.endsWith("Data") && type !== "bytes" && type !== "StringStringEntry"
              ? { options: { packed: true } }
              : {}),
          },
        ]),
      ),
    };
  }
  return { nested: { onnx: { nested } } };
}

/** The protobuf type of an ONNX file. */
export const MODEL_PROTO = protobuf.Root.fromJSON(descriptor()).lookupType("onnx.Model");

/** An int64 as a number; beyond 2^53 it is rounded. */
export function toNumber(value: Int64 | null | undefined): number {
  if (value === null || value === undefined) return 0;
  return typeof value === "number" ? value : value.toNumber();
}
