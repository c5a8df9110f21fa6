import { InputError } from "../core/errors.ts";
import type { BagConnection } from "./bag-file.ts";
import { COMPRESSED_IMAGE_TYPE, IMAGE_TYPE } from "./ros-image.ts";

/** A topic of a bag: its connections (one per publisher) taken together. */
export interface BagTopic {
  readonly name: string;
  readonly type: string;
  readonly messages: number;
}

/** A topic whose messages are images, compressed or not. */
export interface ImageTopic extends BagTopic {
  readonly type: typeof IMAGE_TYPE.name | typeof COMPRESSED_IMAGE_TYPE.name;
}

/** All topics by name. */
export function topicsOf(connections: readonly BagConnection[]): BagTopic[] {
  const topics = new Map<string, BagTopic>();
  for (const { topic, type, messages } of connections) {
    const known = topics.get(topic);
    topics.set(topic, {
      name: topic,
      type: known?.type ?? type,
      messages: messages + (known?.messages ?? 0),
    });
  }
  return [...topics.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The image topics by name.
 * @throws {InputError} when a message type has ROS's name but not its layout (its checksum).
 */
export function imageTopicsOf(path: string, connections: readonly BagConnection[]): ImageTopic[] {
  for (const { topic, type, md5 } of connections) {
    const known = [IMAGE_TYPE, COMPRESSED_IMAGE_TYPE].find(({ name }) => name === type);
    // `*` is ROS's "any".
    if (known !== undefined && md5 !== known.md5 && md5 !== "*") {
      throw new InputError(
        `${path}: ${topic} is a ${type} of an unknown layout (md5 ${md5}, expected ${known.md5})`,
      );
    }
  }
  return topicsOf(connections).filter(isImageTopic);
}

function isImageTopic(topic: BagTopic): topic is ImageTopic {
  return topic.type === IMAGE_TYPE.name || topic.type === COMPRESSED_IMAGE_TYPE.name;
}
