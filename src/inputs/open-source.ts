import { open, stat } from "node:fs/promises";
import { type Clock, monotonicClock } from "../core/clock.ts";
import { InputError, messageOf } from "../core/errors.ts";
import type { Frame, SampleSource } from "../core/frame.ts";
import { detectImageFormat } from "../vision/image-codec.ts";
import { resizeRgb, type Size } from "../vision/resize.ts";
import { toRgb } from "../vision/to-rgb.ts";
import { listBagFrames } from "./bag-source.ts";
import type { FoundFrame, FrameListing } from "./frame-listing.ts";
import { listImageFile, listImageFolder } from "./image-source.ts";
import { listSynthetic, type SyntheticKind } from "./synthetic-source.ts";

/** Where frames come from and how many are held. Plain data. */
export interface SourceSpec {
  /** `synthetic`, or the path of a ROS 1 bag, of a JPEG or PNG file, or of a folder of those. */
  readonly input: string;
  /** Bags only. @default the image topic; of several the first by name */
  readonly topic?: string | undefined;
  /** Resizes every frame; a Bayer frame then becomes rgb8, and compressed bytes are dropped. @default their own size */
  readonly size?: Size | undefined;
  /** Bags only: seconds after the first message of the bag. @default 0 */
  readonly startSec?: number | undefined;
  /** Bags only: seconds from the start. @default to the end */
  readonly durationSec?: number | undefined;
  /** @default as many as there are */
  readonly maxFrames?: number | undefined;
  /** Pixels and compressed bytes held in memory; one frame is held whatever its size. @default 512 MiB */
  readonly maxBytes?: number | undefined;
  /** What `synthetic` makes: a street scene of that size (`size` wins), or seeded bytes for the built-in models. */
  readonly synthetic: SyntheticKind;
  /** Synthetic frames are the same for the same seed. */
  readonly seed: number;
}

const DEFAULT_MAX_BYTES = 536_870_912;

/**
 * Reads the frames of an input into memory.
 *
 * @param clock - times each frame's retrieval. @default the monotonic clock
 * @throws {InputError} one line: what is missing, damaged or not supported, and where.
 */
export async function openSource(spec: SourceSpec, clock: Clock = monotonicClock): Promise<SampleSource> {
  checkSpec(spec);
  const listing = await listFrames(spec);
  try {
    const frames = await holdFrames(listing, spec, clock);
    const { size } = spec;
    return {
      name: size === undefined ? listing.name : `${listing.name}@${size.widthPx}x${size.heightPx}`,
      frames,
      notes: [...listing.notes, ...heldNotes(frames, listing.total, spec)],
    };
  } finally {
    await listing.close();
  }
}

async function holdFrames(listing: FrameListing, spec: SourceSpec, clock: Clock): Promise<Frame[]> {
  const { size, maxFrames = Number.POSITIVE_INFINITY, maxBytes = DEFAULT_MAX_BYTES } = spec;
  const frames: Frame[] = [];
  let heldBytes = 0;
  const found = listing.frames();
  while (frames.length < maxFrames) {
    const startNs = clock.nowNs();
    const next = await found.next();
    if (next.done === true) break;
    const { pixels, compressed, stampNs, recordedNs } = await resized(next.value, size);
    const retrieveNs = listing.isRetrieved ? clock.nowNs() - startNs : 0;
    heldBytes += pixels.data.byteLength + (compressed?.data.byteLength ?? 0);
    if (heldBytes > maxBytes && frames.length > 0) break;
    frames.push({ ...pixels, compressed, stampNs, recordedNs, retrieveNs, index: frames.length });
  }
  await found.return();
  if (frames.length === 0) throw new InputError(`${spec.input}: no frame was found in it`);
  return frames;
}

async function resized(found: FoundFrame, size: Size | undefined): Promise<FoundFrame> {
  const { pixels, stampNs, recordedNs } = found;
  if (size === undefined || (pixels.widthPx === size.widthPx && pixels.heightPx === size.heightPx))
    return found;
  const data = await resizeRgb(toRgb(pixels), pixels, size);
  return { pixels: { ...size, encoding: "rgb8", data }, stampNs, recordedNs };
}

function heldNotes(frames: readonly Frame[], total: number | undefined, spec: SourceSpec): string[] {
  const notes: string[] = [];
  if (total === undefined || frames.length < total) {
    const bytes = frames.reduce(
      (sum, { data, compressed }) => sum + data.byteLength + (compressed?.data.byteLength ?? 0),
      0,
    );
    const of = total === undefined ? "" : ` of ${total}`;
    notes.push(`${frames.length}${of} frames held (${(bytes / 1_048_576).toFixed(1)} MiB)`);
  } else {
    notes.push(`${total} frame${total === 1 ? "" : "s"}, all held`);
  }
  const sizes = new Set(
    frames.map(({ widthPx, heightPx, encoding }) => `${widthPx}×${heightPx} ${encoding}`),
  );
  notes.push([...sizes].join(", ") + (spec.size === undefined ? "" : " (resized)"));
  return notes;
}

async function listFrames(spec: SourceSpec): Promise<FrameListing> {
  const { input } = spec;
  if (input === "synthetic") {
    refuseBagOptions(spec);
    return listSynthetic(resizedKind(spec), spec.seed);
  }
  const found = await stat(input).catch((reason: unknown) => {
    throw new InputError(
      `${input}: ${isMissing(reason) ? "there is no such file or folder" : messageOf(reason)}`,
      { cause: reason },
    );
  });
  const isFolder = found.isDirectory();
  // Reading from a pipe or a device could wait for ever.
  if (!isFolder && !found.isFile()) throw new InputError(`${input}: neither a file nor a folder`);
  const isImage =
    !isFolder && !/\.bag$/i.test(input) && (/\.(jpe?g|png)$/i.test(input) || (await beginsAsImage(input)));
  if (!isFolder && !isImage) return listBagFrames(spec);
  refuseBagOptions(spec);
  return isFolder ? listImageFolder(input) : listImageFile(input);
}

function resizedKind({ size, synthetic }: SourceSpec): SyntheticKind {
  return synthetic.kind === "scene" && size !== undefined ? { ...synthetic, ...size } : synthetic;
}

async function beginsAsImage(path: string): Promise<boolean> {
  try {
    const handle = await open(path, "r");
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
      return detectImageFormat(buffer.subarray(0, bytesRead)) !== undefined;
    } finally {
      await handle.close();
    }
  } catch (reason) {
    throw new InputError(`${path}: cannot be read: ${messageOf(reason)}`, { cause: reason });
  }
}

function isMissing(reason: unknown): boolean {
  return reason instanceof Error && "code" in reason && reason.code === "ENOENT";
}

/** What applies to bags alone is refused elsewhere instead of being passed over. */
function refuseBagOptions({ input, topic, startSec, durationSec }: SourceSpec): void {
  if (topic !== undefined) throw new InputError(`${input}: has no topics, but topic ${topic} was asked for`);
  if (startSec !== undefined || durationSec !== undefined) {
    throw new InputError(`${input}: has no recorded time, but a time range was asked for`);
  }
}

function checkSpec({ input, startSec, durationSec, maxFrames, maxBytes, size, synthetic }: SourceSpec): void {
  const require = (isGood: boolean, problem: string): void => {
    if (!isGood) throw new InputError(`${input}: ${problem}`);
  };
  const { widthPx = 1, heightPx = 1 } = size ?? {};
  const isSide = (px: number): boolean => Number.isSafeInteger(px) && px >= 1;
  require(startSec === undefined ||
    (startSec >= 0 && Number.isFinite(startSec)), `start must be ≥ 0 s, got ${startSec}`);
  require(durationSec === undefined || durationSec > 0, `the duration must be > 0 s, got ${durationSec}`);
  require(maxFrames === undefined || maxFrames >= 1, `at least 1 frame must be held, got ${maxFrames}`);
  require(maxBytes === undefined || maxBytes > 0, `more than 0 bytes must be held, got ${maxBytes}`);
  require(isSide(widthPx) &&
    isSide(heightPx), `the size must be at least 1×1 px, got ${widthPx}×${heightPx}`);
  if (input !== "synthetic" || synthetic.kind === "scene") return;
  require(size === undefined, "seeded bytes have no picture size");
  require(isSide(synthetic.bytes), `at least 1 byte must be made, got ${synthetic.bytes}`);
}
