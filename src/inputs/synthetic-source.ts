import { createRandom } from "../core/random.ts";
import { demosaic } from "../vision/demosaic.ts";
import type { FoundFrame, FrameListing } from "./frame-listing.ts";
import { fillRandom, hash32 } from "./noise.ts";
import { renderStreet } from "./street/render-street.ts";
import { exposeMosaic } from "./street/sensor.ts";

/** What `synthetic` frames are. */
export type SyntheticKind =
  | {
      /** A street as a car's camera sees it, rgb8, 10 frames per second. */
      readonly kind: "scene";
      readonly widthPx: number;
      readonly heightPx: number;
    }
  | {
      /** Seeded bytes for the built-in models: mono8, one row of that many pixels. */
      readonly kind: "bytes";
      readonly bytes: number;
    };

const FRAMES = 4;
/** What the built-in models are sent unless another size is asked for. */
const USUAL_BYTES = 1024;
/** Beyond this, two frames of bytes are as good as four. */
const LARGE_BYTES = 1_048_576;

/** Frames that are made, not read: the same for the same seed. Their retrieval is not timed. */
export function listSynthetic(kind: SyntheticKind, seed: number): FrameListing {
  const total = kind.kind === "bytes" && kind.bytes > LARGE_BYTES ? 2 : FRAMES;
  return {
    // Another amount than the usual one is another input.
    name: kind.kind === "bytes" && kind.bytes !== USUAL_BYTES ? `synthetic@${kind.bytes}` : "synthetic",
    notes: [
      kind.kind === "scene"
        ? `a rendered street, seed ${seed}`
        : `${kind.bytes} seeded bytes a frame, seed ${seed}`,
    ],
    total,
    isRetrieved: false,
    async *frames() {
      for (let index = 0; index < total; index++) yield makeFrame(kind, seed, index);
    },
    close: async () => {},
  };
}

function makeFrame(kind: SyntheticKind, seed: number, index: number): FoundFrame {
  const random = createRandom(hash32(seed, index));
  if (kind.kind === "bytes") {
    const data = new Uint8Array(kind.bytes);
    fillRandom(data, random);
    return { pixels: { widthPx: kind.bytes, heightPx: 1, encoding: "mono8", data } };
  }
  const { widthPx, heightPx } = kind;
  const rgb = renderStreet({ widthPx, heightPx, seed, timeSec: index / 10 });
  // Through a sensor and back: without noise it would compress as no camera's picture does.
  const mosaic = exposeMosaic(rgb, kind, "bayer_rggb8", random);
  return { pixels: { widthPx, heightPx, encoding: "rgb8", data: demosaic(mosaic) } };
}
