import { DATA_TYPE } from "./data-type.ts";
import type { TensorProto } from "./schema.ts";

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** An initializer of float32 numbers; the array's memory is used, not copied. */
export function floatConstant(name: string, dims: readonly number[], values: Float32Array): TensorProto {
  return { name, dims: [...dims], dataType: DATA_TYPE.float, rawData: bytesOf(values) };
}

/** An initializer of int64 numbers, one dimension: what ONNX takes for shapes, axes and pads. */
export function intConstant(name: string, values: readonly number[]): TensorProto {
  return {
    name,
    dims: [values.length],
    dataType: DATA_TYPE.int64,
    rawData: bytesOf(BigInt64Array.from(values, (value) => BigInt(value))),
  };
}

/** The numbers of an int64 (or int32) initializer, whichever way the file holds them. */
export function readInts(tensor: TensorProto): readonly number[] {
  const raw = tensor.rawData;
  if (raw !== undefined && raw.byteLength > 0) {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    const wide = tensor.dataType === DATA_TYPE.int64;
    const size = wide ? 8 : 4;
    return Array.from({ length: raw.byteLength / size }, (_, index) =>
      wide ? Number(view.getBigInt64(index * 8, true)) : view.getInt32(index * 4, true),
    );
  }
  if (tensor.dataType === DATA_TYPE.int64) return (tensor.int64Data ?? []).map((value) => Number(value));
  return tensor.int32Data ?? [];
}
