/** ROS's names of 8-bit pixel layouts that the project reads. */
export const PIXEL_ENCODINGS = [
  "rgb8",
  "bgr8",
  "mono8",
  "bayer_rggb8",
  "bayer_bggr8",
  "bayer_gbrg8",
  "bayer_grbg8",
] as const;

export type PixelEncoding = (typeof PIXEL_ENCODINGS)[number];
export type BayerEncoding = Extract<PixelEncoding, `bayer_${string}`>;

export function isPixelEncoding(name: string): name is PixelEncoding {
  return (PIXEL_ENCODINGS as readonly string[]).includes(name);
}

export function isBayer(encoding: PixelEncoding): encoding is BayerEncoding {
  return encoding.startsWith("bayer_");
}

/** Bytes (channels) of one pixel: 3 for rgb8 and bgr8, else 1. */
export function channelsOf(encoding: PixelEncoding): 1 | 3 {
  return encoding === "rgb8" || encoding === "bgr8" ? 3 : 1;
}

/** Pixels in memory, row by row without padding: `heightPx * widthPx * channelsOf(encoding)` bytes. */
export interface Pixels {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly encoding: PixelEncoding;
  readonly data: Uint8Array;
}

/** One camera frame, read and held in memory before the run. Its bytes are shared: nobody changes or moves them. */
export interface Frame extends Pixels {
  /** Position in its source, from 0. */
  readonly index: number;
  /** The sensor's time (`header.stamp`), nanoseconds since the epoch; absent for images and synthetic frames. */
  readonly stampNs?: bigint | undefined;
  /** When the recorder received it, nanoseconds since the epoch. */
  readonly recordedNs?: bigint | undefined;
  /** The source's own compressed bytes, kept so that they can travel as they are. */
  readonly compressed?: { readonly format: "jpeg" | "png"; readonly data: Uint8Array } | undefined;
  /** What reading, decoding and resizing it took, nanoseconds. */
  readonly retrieveNs: number;
}

/** Frames in memory, at least one; a run cycles through them. */
export interface SampleSource {
  /** The `input` key of a cell: file name without folder, `:topic` if one was chosen, `@WxH` if resized. */
  readonly name: string;
  readonly frames: readonly Frame[];
  /** What a report should say about it: topic, frames found and held, rate. */
  readonly notes: readonly string[];
}
