import { type BayerEncoding, channelsOf } from "../core/frame.ts";
import { createRandom } from "../core/random.ts";
import type { Size } from "../vision/resize.ts";
import { type BagEntry, type WritableCompression, writeBag } from "./bag-writer.ts";
import { cameraInfoTopic, imageTopic } from "./message-definitions.ts";
import { hash32 } from "./noise.ts";
import { encodeImageMessage, type RosHeader } from "./ros-image.ts";
import { MessageWriter } from "./ros-message.ts";
import { timeOf } from "./ros-time.ts";
import { renderStreet } from "./street/render-street.ts";
import { exposeMosaic } from "./street/sensor.ts";

export interface StreetBagOptions {
  /** @default 968 */
  readonly widthPx?: number | undefined;
  /** @default 608 */
  readonly heightPx?: number | undefined;
  /** At 10 Hz. @default 12 */
  readonly frames?: number | undefined;
  /** @default 1 */
  readonly seed?: number | undefined;
  /** @default "bayer_rggb8" */
  readonly encoding?: BayerEncoding | undefined;
  /** @default "none": camera noise does not compress */
  readonly compression?: WritableCompression | undefined;
}

/** What `rosbag-samples/street.bag` is made with. */
export const STREET_BAG_DEFAULTS = {
  frames: 12,
  seed: 1,
  widthPx: 968,
  heightPx: 608,
  encoding: "bayer_rggb8",
  compression: "none",
} as const;

const IMAGE_TOPIC = "/camera/image_raw";
const INFO_TOPIC = "/camera/camera_info";
const FRAME_ID = "camera_optical";
/** 2024-05-01 12:00:00 UTC: any fixed time, so that the bag is the same whenever it is made. */
const START_NS = 1_714_564_800_000_000_000n;
const PERIOD_NS = 100_000_000n;
/** From the shutter to the recorder: what a camera's readout and driver take. */
const RECEIVED_AFTER_NS = 18_000_000n;

/**
 * A bag of a rendered drive through a street, as a car's front camera would record it: `/camera/image_raw` (a Bayer
 * mosaic) and `/camera/camera_info`, 10 Hz. The same options give the same bytes on every machine.
 */
export function makeStreetBag(options: StreetBagOptions = {}): Uint8Array {
  const {
    frames = STREET_BAG_DEFAULTS.frames,
    seed = STREET_BAG_DEFAULTS.seed,
    widthPx = STREET_BAG_DEFAULTS.widthPx,
    heightPx = STREET_BAG_DEFAULTS.heightPx,
    encoding = STREET_BAG_DEFAULTS.encoding,
    compression = STREET_BAG_DEFAULTS.compression,
  } = options;
  const size: Size = { widthPx, heightPx };
  const entries: BagEntry[] = [];
  for (let seq = 0; seq < frames; seq++) {
    const stampNs = START_NS + BigInt(seq) * PERIOD_NS;
    const header: RosHeader = { seq, stamp: timeOf(stampNs), frameId: FRAME_ID };
    const rgb = renderStreet({ ...size, seed, timeSec: seq / 10, raysPerAxis: 2 });
    const { data } = exposeMosaic(rgb, size, encoding, createRandom(hash32(seed, seq)));
    const recordedNs = stampNs + RECEIVED_AFTER_NS;
    const step = widthPx * channelsOf(encoding);
    entries.push(
      { topic: INFO_TOPIC, recordedNs, data: cameraInfo(header, size) },
      {
        topic: IMAGE_TOPIC,
        recordedNs,
        data: encodeImageMessage({ header, ...size, encoding, isBigEndian: false, step, data }),
      },
    );
  }
  return writeBag({ topics: [imageTopic(IMAGE_TOPIC), cameraInfoTopic(INFO_TOPIC)], entries, compression });
}

/** The renderer's pinhole camera: no distortion, the focal length and centre that it draws with. */
function cameraInfo({ seq, stamp, frameId }: RosHeader, { widthPx, heightPx }: Size): Uint8Array {
  const focal = widthPx * 0.78;
  const centreX = widthPx * 0.5;
  const centreY = heightPx * 0.47;
  const writer = new MessageWriter()
    .u32(seq)
    .time(stamp)
    .text(frameId)
    .u32(heightPx)
    .u32(widthPx)
    .text("plumb_bob");
  const numbers = [
    [focal, 0, centreX, 0, focal, centreY, 0, 0, 1],
    [1, 0, 0, 0, 1, 0, 0, 0, 1],
    [focal, 0, centreX, 0, 0, focal, centreY, 0, 0, 0, 1, 0],
  ].flat();
  writer.u32(5);
  for (const value of [0, 0, 0, 0, 0, ...numbers]) writer.f64(value);
  return writer.u32(0).u32(0).u32(0).u32(0).u32(0).u32(0).u8(0).finish();
}
