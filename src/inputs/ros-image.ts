import { InputError } from "../core/errors.ts";
import { channelsOf, isPixelEncoding, PIXEL_ENCODINGS, type Pixels } from "../core/frame.ts";
import { MessageReader, MessageWriter } from "./ros-message.ts";
import { type RosTime, toNs } from "./ros-time.ts";

/** The name and the checksum that ROS gives a message's layout: equal sums, equal layouts. */
export const IMAGE_TYPE = { name: "sensor_msgs/Image", md5: "060021388200f6f0f447d0fcd9c64743" } as const;
export const COMPRESSED_IMAGE_TYPE = {
  name: "sensor_msgs/CompressedImage",
  md5: "8f7a12909da2c9d3332d540a0977563f",
} as const;

/** std_msgs/Header of ROS 1. */
export interface RosHeader {
  readonly seq: number;
  readonly stamp: RosTime;
  readonly frameId: string;
}

/** sensor_msgs/Image of ROS 1 as it is stored: rows of `step` bytes, an encoding that may be any text. */
export interface RosImage {
  readonly header: RosHeader;
  readonly heightPx: number;
  readonly widthPx: number;
  readonly encoding: string;
  readonly isBigEndian: boolean;
  /** Bytes from one row's start to the next one's: the row's pixels, then padding. */
  readonly step: number;
  /** When read, a view into the message. */
  readonly data: Uint8Array;
}

/** @throws {RangeError} when the message is too short. */
export function decodeImageMessage(message: Uint8Array): RosImage {
  const reader = new MessageReader(message);
  return {
    header: readHeader(reader),
    heightPx: reader.u32(),
    widthPx: reader.u32(),
    encoding: reader.text(),
    isBigEndian: reader.u8() !== 0,
    step: reader.u32(),
    data: reader.bytes(),
  };
}

export function encodeImageMessage(image: RosImage): Uint8Array {
  return writeHeader(new MessageWriter(), image.header)
    .u32(image.heightPx)
    .u32(image.widthPx)
    .text(image.encoding)
    .u8(image.isBigEndian ? 1 : 0)
    .u32(image.step)
    .bytes(image.data)
    .finish();
}

/** sensor_msgs/CompressedImage of ROS 1. */
export interface RosCompressedImage {
  readonly header: RosHeader;
  /** Free text in practice (`jpeg`, `rgb8; jpeg compressed bgr8`): go by the magic bytes instead. */
  readonly format: string;
  readonly data: Uint8Array;
}

/** @throws {RangeError} when the message is too short. */
export function decodeCompressedImageMessage(message: Uint8Array): RosCompressedImage {
  const reader = new MessageReader(message);
  return { header: readHeader(reader), format: reader.text(), data: reader.bytes() };
}

export function encodeCompressedImageMessage(image: RosCompressedImage): Uint8Array {
  return writeHeader(new MessageWriter(), image.header).text(image.format).bytes(image.data).finish();
}

/** The sensor's time of a header, nanoseconds since the epoch; `undefined` for 0, which ROS means as "not set". */
export function stampOf({ stamp }: RosHeader): bigint | undefined {
  const ns = toNs(stamp);
  return ns === 0n ? undefined : ns;
}

/**
 * The pixels of an image message without row padding.
 *
 * @returns a view into the message where it has no padding, else new memory.
 * @throws {InputError} for an encoding that is not read, an empty image, or fewer bytes than its size says.
 */
export function pixelsOf(image: RosImage): Pixels {
  const { heightPx, widthPx, encoding, step, data } = image;
  if (!isPixelEncoding(encoding)) {
    throw new InputError(
      `its encoding '${encoding}' is not supported (supported: ${PIXEL_ENCODINGS.join(", ")})`,
    );
  }
  if (widthPx === 0 || heightPx === 0) throw new InputError(`the image is empty (${widthPx}×${heightPx} px)`);
  const rowBytes = widthPx * channelsOf(encoding);
  if (step < rowBytes) {
    throw new InputError(
      `step is ${step} bytes, less than a row of ${widthPx} px ${encoding} (${rowBytes} bytes)`,
    );
  }
  // The padding of the last row may be left out by its writer.
  const needed = step * (heightPx - 1) + rowBytes;
  if (data.byteLength < needed) {
    throw new InputError(
      `the image has ${data.byteLength} bytes, ${widthPx}×${heightPx} ${encoding} with step ${step} needs ${needed}`,
    );
  }
  if (step === rowBytes) return { widthPx, heightPx, encoding, data: data.subarray(0, needed) };
  const packed = new Uint8Array(rowBytes * heightPx);
  for (let y = 0; y < heightPx; y++) packed.set(data.subarray(y * step, y * step + rowBytes), y * rowBytes);
  return { widthPx, heightPx, encoding, data: packed };
}

function readHeader(reader: MessageReader): RosHeader {
  return { seq: reader.u32(), stamp: reader.time(), frameId: reader.text() };
}

function writeHeader(writer: MessageWriter, { seq, stamp, frameId }: RosHeader): MessageWriter {
  return writer.u32(seq).time(stamp).text(frameId);
}
