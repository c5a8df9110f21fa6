import { TransportError } from "../core/errors.ts";
import { channelsOf, type Frame } from "../core/frame.ts";
import type { TensorMetadata } from "../core/metadata.ts";
import { elementCount, type Tensor } from "../core/tensor.ts";

/**
 * A frame's bytes as a model's own input, without any picture work: UINT8 as they are, other numbers with the same
 * values. A rank of 1 takes them flat; rank 4 as `[1,H,W,C]`, or `[1,C,H,W]` where the model's second size is 1 or 3.
 *
 * @throws {TransportError} INVALID_ARGUMENT when the frame does not fit the model's shape or datatype.
 */
export function rawTensor(frame: Frame, { name, datatype, shape }: TensorMetadata): Tensor {
  const full = fillShape(frame, shape);
  const found = elementCount(full) === frame.data.byteLength && fits(full, shape);
  const values = found ? valuesOf(frame.data, datatype) : undefined;
  if (values === undefined) {
    throw new TransportError(
      "INVALID_ARGUMENT",
      `a frame of ${frame.widthPx}x${frame.heightPx} ${frame.encoding} (${frame.data.byteLength} bytes) cannot be the input '${name}' ${datatype} [${shape}] untouched`,
    );
  }
  return { name, datatype, shape: full, data: values };
}

function fillShape(frame: Frame, shape: readonly number[]): readonly number[] {
  if (shape.length === 1) return [frame.data.byteLength];
  const channels = channelsOf(frame.encoding);
  if (shape.length !== 4) return shape.map((size) => (size < 0 ? 1 : size));
  const channelsFirst = shape[1] === 1 || shape[1] === 3;
  return channelsFirst
    ? [1, channels, frame.heightPx, frame.widthPx]
    : [1, frame.heightPx, frame.widthPx, channels];
}

function fits(full: readonly number[], shape: readonly number[]): boolean {
  return shape.every((size, i) => size < 0 || size === full[i]);
}

function valuesOf(data: Uint8Array, datatype: TensorMetadata["datatype"]): Uint8Array | undefined {
  const bytesOf = (array: ArrayBufferView): Uint8Array =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  switch (datatype) {
    case "UINT8":
      return data;
    case "UINT16":
    case "INT16":
      return bytesOf(Uint16Array.from(data));
    case "UINT32":
    case "INT32":
      return bytesOf(Uint32Array.from(data));
    case "FP32":
      return bytesOf(Float32Array.from(data));
    case "FP64":
      return bytesOf(Float64Array.from(data));
    case "BOOL":
    case "INT8":
    case "INT64":
    case "UINT64":
    case "FP16":
    case "BF16":
    case "BYTES":
      return undefined;
  }
}
