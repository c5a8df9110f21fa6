import { ascii, BAG_MAGIC, headerBlock, OP, op, record, time, u32, u64 } from "./bag-records.ts";
import { lz4Frame } from "./lz4-frame.ts";
import { timeOf } from "./ros-time.ts";

/** What {@link writeBag} can compress chunks with. */
export const WRITABLE_COMPRESSIONS = ["none", "lz4"] as const;
export type WritableCompression = (typeof WRITABLE_COMPRESSIONS)[number];

/** A topic to be written, with its message type as ROS names and describes it. */
export interface BagTopicDefinition {
  readonly topic: string;
  readonly type: string;
  readonly md5: string;
  /** The full text, dependencies included: readers in other languages decode by it. */
  readonly definition: string;
}

/** One message to be written. */
export interface BagEntry {
  readonly topic: string;
  /** Receive time, nanoseconds since the epoch. */
  readonly recordedNs: bigint;
  /** The serialised message. */
  readonly data: Uint8Array;
}

export interface WriteBagOptions {
  readonly topics: readonly BagTopicDefinition[];
  /** In the order of their receive times. */
  readonly entries: readonly BagEntry[];
  /** @default "none" */
  readonly compression?: WritableCompression | undefined;
  /** A chunk is closed once it holds so many bytes. @default 786432, as rosbag does */
  readonly chunkBytes?: number | undefined;
}

/**
 * Writes a ROS 1 bag (v2.0) with chunks, index data, connections and chunk infos, as `rosbag record` lays it out.
 * The same options give the same bytes.
 *
 * @returns the whole file, in memory of its own.
 * @throws {RangeError} when an entry names a topic that is not among `topics`.
 */
export function writeBag(options: WriteBagOptions): Uint8Array {
  const { topics, entries, compression = "none", chunkBytes = 786_432 } = options;
  const ids = new Map(topics.map(({ topic }, id) => [topic, id]));
  const connections = topics.map(connectionRecord);
  const parts: Uint8Array[] = [];
  const infos: Uint8Array[] = [];
  const known = new Set<number>();
  let position = FIRST_CHUNK_AT;
  for (let at = 0; at < entries.length; ) {
    const chunk = new ChunkBuilder();
    while (at < entries.length && (chunk.sizeBytes < chunkBytes || chunk.isEmpty)) {
      const entry = entries[at++]!;
      const id = ids.get(entry.topic);
      if (id === undefined) throw new RangeError(`no definition of the topic ${entry.topic} was given`);
      if (!known.has(id)) chunk.add(connections[id]!);
      known.add(id);
      chunk.addMessage(id, entry);
    }
    const bytes = chunk.finish(compression);
    parts.push(bytes);
    infos.push(chunk.info(position));
    position += bytes.length;
  }
  const header = bagHeaderRecord(position, topics.length, infos.length);
  return new Uint8Array(Buffer.concat([ascii(BAG_MAGIC), header, ...parts, ...connections, ...infos]));
}

const FIRST_CHUNK_AT = 4117;

/** The header of the bag header record, as it stands after its length: 69 bytes. */
export function bagHeaderBlock(indexPosition: number, connections: number, chunks: number): Uint8Array {
  return headerBlock([
    op(OP.bagHeader),
    ["index_pos", u64(indexPosition)],
    ["conn_count", u32(connections)],
    ["chunk_count", u32(chunks)],
  ]);
}

/** Padded with spaces to 4,104 bytes, so that a recorder can write it again in place when it closes the bag. */
function bagHeaderRecord(indexPosition: number, connections: number, chunks: number): Uint8Array {
  const block = bagHeaderBlock(indexPosition, connections, chunks);
  const padding = Buffer.alloc(4096 - block.length, " ");
  return Buffer.concat([u32(block.length), block, u32(padding.length), padding]);
}

function connectionRecord({ topic, type, md5, definition }: BagTopicDefinition, id: number): Uint8Array {
  return record(
    [op(OP.connection), ["conn", u32(id)], ["topic", ascii(topic)]],
    headerBlock([
      ["topic", ascii(topic)],
      ["type", ascii(type)],
      ["md5sum", ascii(md5)],
      ["message_definition", ascii(definition)],
    ]),
  );
}

class ChunkBuilder {
  readonly #records: Uint8Array[] = [];
  readonly #index = new Map<number, Uint8Array[]>();
  #span: { readonly startNs: bigint; readonly endNs: bigint } | undefined;
  sizeBytes = 0;

  get isEmpty(): boolean {
    return this.#span === undefined;
  }

  add(bytes: Uint8Array): void {
    this.#records.push(bytes);
    this.sizeBytes += bytes.length;
  }

  addMessage(id: number, { recordedNs, data }: BagEntry): void {
    const received = time(timeOf(recordedNs));
    const index = this.#index.get(id) ?? [];
    index.push(Buffer.concat([received, u32(this.sizeBytes)]));
    this.#index.set(id, index);
    this.add(record([op(OP.message), ["conn", u32(id)], ["time", received]], data));
    const { startNs, endNs } = this.#span ?? { startNs: recordedNs, endNs: recordedNs };
    this.#span = {
      startNs: recordedNs < startNs ? recordedNs : startNs,
      endNs: recordedNs > endNs ? recordedNs : endNs,
    };
  }

  /** The chunk record and the index data records that follow it. */
  finish(compression: WritableCompression): Uint8Array {
    const plain = Buffer.concat(this.#records);
    const fields = [op(OP.chunk), ["compression", ascii(compression)], ["size", u32(plain.length)]] as const;
    const chunk = record(fields, compression === "lz4" ? lz4Frame(plain) : plain);
    const indices = [...this.#index].map(([id, entries]) =>
      record(
        [op(OP.indexData), ["ver", u32(1)], ["conn", u32(id)], ["count", u32(entries.length)]],
        Buffer.concat(entries),
      ),
    );
    return Buffer.concat([chunk, ...indices]);
  }

  /** The chunk info record for the end of the file. */
  info(position: number): Uint8Array {
    const { startNs, endNs } = this.#span ?? { startNs: 0n, endNs: 0n };
    const counts = [...this.#index].map(([id, entries]) => Buffer.concat([u32(id), u32(entries.length)]));
    return record(
      [
        op(OP.chunkInfo),
        ["ver", u32(1)],
        ["chunk_pos", u64(position)],
        ["start_time", time(timeOf(startNs))],
        ["end_time", time(timeOf(endNs))],
        ["count", u32(counts.length)],
      ],
      Buffer.concat(counts),
    );
  }
}
