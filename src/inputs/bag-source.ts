import { basename } from "node:path";
import { BenchError, InputError, messageOf } from "../core/errors.ts";
import { decodeImage, detectImageFormat } from "../vision/image-codec.ts";
import { type BagFile, type BagMessage, openBag } from "./bag-file.ts";
import { type ImageTopic, imageTopicsOf, topicsOf } from "./bag-topics.ts";
import type { FoundFrame, FrameListing } from "./frame-listing.ts";
import {
  COMPRESSED_IMAGE_TYPE,
  decodeCompressedImageMessage,
  decodeImageMessage,
  pixelsOf,
  stampOf,
} from "./ros-image.ts";

export interface BagSourceOptions {
  readonly input: string;
  readonly topic?: string | undefined;
  readonly startSec?: number | undefined;
  readonly durationSec?: number | undefined;
}

/**
 * The images of one topic of a ROS 1 bag, in the order of their receive times.
 * @throws {InputError} when the bag cannot be read, has no images, or lacks the topic.
 */
export async function listBagFrames(options: BagSourceOptions): Promise<FrameListing> {
  const { input, topic: asked, startSec = 0, durationSec } = options;
  const bag = await openBag(input);
  try {
    const { topic, note } = chooseTopic(bag, asked);
    const isWhole = startSec === 0 && durationSec === undefined;
    return {
      name: basename(input) + (asked === undefined ? "" : `:${asked}`),
      notes: [...(note === undefined ? [] : [note]), describeTopic(bag, topic)],
      total: isWhole ? topic.messages : undefined,
      isRetrieved: true,
      frames: () => readFrames(bag, topic, startSec, durationSec),
      close: () => bag.close(),
    };
  } catch (reason) {
    await bag.close();
    throw reason;
  }
}

async function* readFrames(
  bag: BagFile,
  topic: ImageTopic,
  startSec: number,
  durationSec: number | undefined,
): AsyncGenerator<FoundFrame, void, undefined> {
  const { startNs } = bag.span ?? { startNs: 0n };
  const fromNs = startNs + nsOf(startSec);
  const endNs = durationSec === undefined ? undefined : fromNs + nsOf(durationSec);
  let count = 0;
  for await (const message of bag.messages(topic.name, fromNs)) {
    if (endNs !== undefined && message.recordedNs >= endNs) break;
    yield await readFrame(bag, topic, message, count);
    count++;
  }
  if (count > 0) return;
  const range = `${startSec} s to ${durationSec === undefined ? "the end" : `${startSec + durationSec} s`}`;
  throw new InputError(
    `${bag.path}: no message of ${topic.name} in the time from ${range}; the bag lasts ${durationOf(bag).toFixed(3)} s`,
  );
}

async function readFrame(
  bag: BagFile,
  topic: ImageTopic,
  { data, recordedNs }: BagMessage,
  count: number,
): Promise<FoundFrame> {
  try {
    if (topic.type !== COMPRESSED_IMAGE_TYPE.name) {
      const image = decodeImageMessage(data);
      return { pixels: pixelsOf(image), stampNs: stampOf(image.header), recordedNs };
    }
    const image = decodeCompressedImageMessage(data);
    const { widthPx, heightPx, rgb } = await decodeImage(image.data);
    const format = detectImageFormat(image.data);
    return {
      pixels: { widthPx, heightPx, encoding: "rgb8", data: rgb },
      stampNs: stampOf(image.header),
      recordedNs,
      compressed: format && { format, data: image.data },
    };
  } catch (reason) {
    const what = reason instanceof BenchError ? "" : "is damaged: ";
    throw new InputError(`${bag.path}: message ${count} of ${topic.name} ${what}${messageOf(reason)}`, {
      cause: reason,
    });
  }
}

function chooseTopic(bag: BagFile, asked: string | undefined): { topic: ImageTopic; note?: string } {
  const images = imageTopicsOf(bag.path, bag.connections);
  if (images.length === 0) {
    const others = topicsOf(bag.connections).map(({ name, type }) => `${name} (${type})`);
    throw new InputError(`${bag.path}: no images in this bag; its topics: ${others.join(", ") || "none"}`);
  }
  const names = images.map(({ name }) => name).join(", ");
  if (asked !== undefined) {
    const topic = images.find(({ name }) => name === asked);
    if (topic !== undefined) return { topic };
    const other = topicsOf(bag.connections).find(({ name }) => name === asked);
    const problem = other === undefined ? `no topic ${asked}` : `topic ${asked} is ${other.type}, no image`;
    throw new InputError(`${bag.path}: ${problem}; the image topics: ${names}`);
  }
  const topic = images.find(({ messages }) => messages > 0);
  if (topic === undefined) throw new InputError(`${bag.path}: no messages on the image topics: ${names}`);
  return images.length === 1
    ? { topic }
    : { topic, note: `several image topics (${names}): ${topic.name} was taken` };
}

function describeTopic(bag: BagFile, { name, type, messages }: ImageTopic): string {
  const seconds = durationOf(bag);
  const plural = messages === 1 ? "" : "s";
  return `topic ${name} (${type}), ${messages} message${plural}, the bag lasts ${seconds.toFixed(1)} s`;
}

function durationOf({ span }: BagFile): number {
  return span === undefined ? 0 : Number(span.endNs - span.startNs) / 1e9;
}

/** Times beyond any bag are as good as endless. */
function nsOf(seconds: number): bigint {
  return BigInt(Math.round(Math.min(seconds, 1e9) * 1e9));
}
