import protobuf from "protobufjs";

/** The part of TensorFlow Serving's messages that a Predict needs, from their published field numbers. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  package tensorflow;
  message TensorShapeProto {
    message Dim { int64 size = 1; string name = 2; }
    repeated Dim dim = 2;
    bool unknown_rank = 3;
  }
  message TensorProto {
    int32 dtype = 1;
    TensorShapeProto tensor_shape = 2;
    bytes tensor_content = 4;
    repeated float float_val = 5;
    repeated int32 int_val = 7;
  }
  message ModelSpec { string name = 1; string signature_name = 3; Version version = 2; string version_label = 4; }
  message Version { int64 value = 1; }
  message PredictRequest { ModelSpec model_spec = 1; map<string, TensorProto> inputs = 2; repeated string output_filter = 3; }
  message PredictResponse { map<string, TensorProto> outputs = 1; ModelSpec model_spec = 2; }
`);

const PREDICT_REQUEST = root.lookupType("tensorflow.PredictRequest");
const PREDICT_RESPONSE = root.lookupType("tensorflow.PredictResponse");
const FORM = { longs: Number, defaults: true, arrays: true, objects: true } as const;

/** DT_UINT8. */
export const UINT8 = 4;

export interface TensorProto {
  readonly dtype: number;
  readonly tensorShape?: {
    readonly dim: readonly { readonly size: number }[];
    readonly unknownRank: boolean;
  } | null;
  readonly tensorContent: Uint8Array;
  readonly floatVal: readonly number[];
  readonly intVal: readonly number[];
}

export interface PredictRequest {
  readonly modelSpec?: {
    readonly name: string;
    readonly signatureName: string;
    readonly version?: { readonly value: number } | null;
    readonly versionLabel: string;
  } | null;
  readonly inputs: Readonly<Record<string, TensorProto>>;
  readonly outputFilter: readonly string[];
}

export function encodePredictRequest(request: object): Buffer {
  return Buffer.from(PREDICT_REQUEST.encode(PREDICT_REQUEST.fromObject(request)).finish());
}

/** @throws for bytes that are no PredictRequest. */
export function decodePredictRequest(bytes: Uint8Array): PredictRequest {
  return PREDICT_REQUEST.toObject(PREDICT_REQUEST.decode(bytes), FORM) as PredictRequest;
}

/** @throws for bytes that are no PredictResponse. */
export function decodePredictResponse(bytes: Uint8Array): {
  readonly outputs: Readonly<Record<string, TensorProto>>;
} {
  return PREDICT_RESPONSE.toObject(PREDICT_RESPONSE.decode(bytes), FORM) as {
    readonly outputs: Readonly<Record<string, TensorProto>>;
  };
}
