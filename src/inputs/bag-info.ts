import { messageOf } from "../core/errors.ts";
import { decodeImage } from "../vision/image-codec.ts";
import { type BagFile, openBag } from "./bag-file.ts";
import { readChunkIndex } from "./bag-index.ts";
import { type BagTopic, topicsOf } from "./bag-topics.ts";
import {
  COMPRESSED_IMAGE_TYPE,
  decodeCompressedImageMessage,
  decodeImageMessage,
  IMAGE_TYPE,
} from "./ros-image.ts";

/** What a ROS 1 bag holds. */
export interface BagInfo {
  readonly path: string;
  readonly sizeBytes: number;
  /** Receive time of the first message, nanoseconds since the epoch; absent without messages. */
  readonly startNs: bigint | undefined;
  readonly durationSec: number;
  readonly messages: number;
  readonly chunks: number;
  /** How the chunks are compressed, each way once: `none`, `bz2`, `lz4`. */
  readonly compressions: readonly string[];
  /** By name. */
  readonly topics: readonly BagTopicInfo[];
}

export interface BagTopicInfo extends BagTopic {
  /** Mean, from its first to its last message; absent with fewer than two, or all at once. */
  readonly rateHz: number | undefined;
  /** Bytes of its message records before compression. */
  readonly bytes: number;
  /** Of image topics with messages: the first one's encoding and size (`bayer_rggb8 968×608`), or what is wrong with it. */
  readonly image: string | undefined;
}

/**
 * Reads what a bag holds from its index, and the first message of each image topic.
 * @throws {InputError} when it is no ROS 1 bag, truncated, unclosed or damaged.
 */
export async function readBagInfo(path: string): Promise<BagInfo> {
  const bag = await openBag(path);
  try {
    const topicOf = new Map(bag.connections.map(({ id, topic }) => [id, topic]));
    const times = new Map<string, bigint[]>();
    const bytes = new Map<string, number>();
    const compressions = new Set<string>();
    for (const position of bag.chunkPositions) {
      const { compression, entries } = await readChunkIndex(bag, position);
      compressions.add(compression);
      for (const { connectionId, recordedNs, recordBytes } of entries) {
        const topic = topicOf.get(connectionId) ?? "";
        const topicTimes = times.get(topic);
        if (topicTimes === undefined) times.set(topic, [recordedNs]);
        else topicTimes.push(recordedNs);
        bytes.set(topic, (bytes.get(topic) ?? 0) + recordBytes);
      }
    }
    const topics: BagTopicInfo[] = [];
    for (const topic of topicsOf(bag.connections)) {
      const rateHz = rateOf(times.get(topic.name) ?? []);
      topics.push({
        ...topic,
        rateHz,
        bytes: bytes.get(topic.name) ?? 0,
        image: await describeImage(bag, topic),
      });
    }
    return {
      path,
      sizeBytes: bag.sizeBytes,
      startNs: bag.span?.startNs,
      durationSec: bag.span === undefined ? 0 : Number(bag.span.endNs - bag.span.startNs) / 1e9,
      messages: topics.reduce((sum, { messages }) => sum + messages, 0),
      chunks: bag.chunkPositions.length,
      compressions: [...compressions].sort(),
      topics,
    };
  } finally {
    await bag.close();
  }
}

function rateOf(times: readonly bigint[]): number | undefined {
  const first = times.reduce((a, b) => (b < a ? b : a), times[0] ?? 0n);
  const last = times.reduce((a, b) => (b > a ? b : a), first);
  return last === first ? undefined : ((times.length - 1) * 1e9) / Number(last - first);
}

async function describeImage(bag: BagFile, { name, type }: BagTopic): Promise<string | undefined> {
  if (type !== IMAGE_TYPE.name && type !== COMPRESSED_IMAGE_TYPE.name) return undefined;
  for await (const { data } of bag.messages(name)) {
    try {
      if (type === IMAGE_TYPE.name) {
        const { encoding, widthPx, heightPx } = decodeImageMessage(data);
        return `${encoding} ${widthPx}×${heightPx}`;
      }
      const image = decodeCompressedImageMessage(data);
      const { widthPx, heightPx } = await decodeImage(image.data);
      return `${image.format} ${widthPx}×${heightPx}`;
    } catch (reason) {
      return `(${messageOf(reason)})`;
    }
  }
  return undefined;
}
