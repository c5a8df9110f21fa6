import { type FileHandle, open, stat } from "node:fs/promises";
import { Bag, type Filelike } from "@foxglove/rosbag";
import { BenchError, InputError, messageOf } from "../core/errors.ts";
import { loadDecompressors } from "./bag-decompressors.ts";
import { BAG_MAGIC } from "./bag-records.ts";
import { type RosTime, timeOf, toNs } from "./ros-time.ts";

/** The magic line and the bag header record, which is padded to this size so that it can be rewritten in place. */
const FIRST_CHUNK_AT = 4117;

/** One topic's description in a bag; several publishers of one topic have several. */
export interface BagConnection {
  readonly id: number;
  readonly topic: string;
  readonly type: string;
  readonly md5: string;
  /** Messages in the bag, by its index. */
  readonly messages: number;
}

/** One message as it was recorded. */
export interface BagMessage {
  readonly topic: string;
  /** When the recorder received it, nanoseconds since the epoch. */
  readonly recordedNs: bigint;
  /** The serialised message, its own memory. */
  readonly data: Uint8Array;
}

/** An open ROS 1 bag. */
export interface BagFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly connections: readonly BagConnection[];
  /** Receive times of the first and the last message; `undefined` for a bag without messages. */
  readonly span: { readonly startNs: bigint; readonly endNs: bigint } | undefined;
  /** Where each chunk begins, bytes. */
  readonly chunkPositions: readonly number[];
  /**
   * The messages of a topic received at `fromNs` or later, in the order of their receive times.
   * @throws {InputError} when the bag is damaged.
   */
  messages(topic: string, fromNs?: bigint): AsyncGenerator<BagMessage, void, undefined>;
  /** Bytes of the file. @throws {InputError} when they lie beyond its end. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens a ROS 1 bag (v2.0; chunks uncompressed, bz2 or lz4) and reads its index. Call `close` when done.
 * @throws {InputError} when it cannot be opened, is no such bag, is truncated, unclosed or damaged.
 */
export async function openBag(path: string): Promise<BagFile> {
  const decompress = await loadDecompressors();
  const handle = await openFile(path);
  try {
    const sizeBytes = (await handle.stat()).size;
    const file = boundedFile(path, handle, sizeBytes);
    await checkBeginning(path, file);
    const bag = new Bag(file, { decompress, parse: false });
    await explained(path, "its index cannot be read", () => bag.open());
    // The library takes the first chunk's start for the bag's; chunks of several writers may be in any order.
    const starts = bag.chunkInfos.map((info) => info.startTime);
    const ends = bag.chunkInfos.map((info) => info.endTime);
    const startTime = starts.reduce<RosTime | undefined>(
      (a, b) => (a && toNs(a) <= toNs(b) ? a : b),
      undefined,
    );
    const endTime = ends.reduce<RosTime | undefined>((a, b) => (a && toNs(a) >= toNs(b) ? a : b), undefined);
    return {
      path,
      sizeBytes,
      connections: connectionsOf(bag),
      span: startTime && endTime ? { startNs: toNs(startTime), endNs: toNs(endTime) } : undefined,
      chunkPositions: bag.chunkInfos.map((info) => info.chunkPosition),
      messages: (topic, fromNs) => readMessages(path, bag, topic, startTime, fromNs),
      read: file.read,
      close: () => handle.close(),
    };
  } catch (reason) {
    await handle.close();
    throw reason;
  }
}

async function* readMessages(
  path: string,
  bag: Bag,
  topic: string,
  start: RosTime | undefined,
  fromNs: bigint | undefined,
): AsyncGenerator<BagMessage, void, undefined> {
  if (start === undefined) return;
  // The index lets the library pass over what lies before the position without reading it.
  const position = fromNs === undefined || fromNs < toNs(start) ? start : timeOf(fromNs);
  const iterator = await explained(path, "it cannot be read", () =>
    bag.messageIterator({ topics: [topic], start: position })[Symbol.asyncIterator](),
  );
  for (let count = 0; ; count++) {
    const next = await explained(path, `message ${count} of ${topic} cannot be read`, () => iterator.next());
    if (next.done === true) return;
    const { timestamp, data } = next.value;
    yield { topic, recordedNs: toNs(timestamp), data };
  }
}

function connectionsOf(bag: Bag): BagConnection[] {
  const counts = new Map<number, number>();
  for (const info of bag.chunkInfos) {
    for (const { conn, count } of info.connections) counts.set(conn, (counts.get(conn) ?? 0) + count);
  }
  return [...bag.connections.values()].map(({ conn, topic, type, md5sum }) => ({
    id: conn,
    topic,
    type: type ?? "",
    md5: md5sum ?? "",
    messages: counts.get(conn) ?? 0,
  }));
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    // Opening a pipe would wait for its writer.
    if (!(await stat(path)).isFile()) throw new Error("it is no file");
    return await open(path, "r");
  } catch (reason) {
    throw new InputError(`${path}: cannot be opened: ${messageOf(reason)}`, { cause: reason });
  }
}

/** The library asks for whatever a damaged file says; what lies beyond the end is refused before memory is taken. */
function boundedFile(path: string, handle: FileHandle, sizeBytes: number): Filelike {
  return {
    size: () => sizeBytes,
    read: async (offset, length) => {
      if (!(offset >= 0 && length >= 0 && offset + length <= sizeBytes)) {
        throw new InputError(
          `${path} is truncated or damaged: bytes ${offset} to ${offset + length} are needed, the file has ${sizeBytes}`,
        );
      }
      const buffer = new Uint8Array(length);
      for (let at = 0; at < length; ) {
        const { bytesRead } = await handle.read(buffer, at, length - at, offset + at);
        if (bytesRead === 0) throw new InputError(`${path} became shorter while it was read`);
        at += bytesRead;
      }
      return buffer;
    },
  };
}

async function checkBeginning(path: string, file: Filelike): Promise<void> {
  const sizeBytes = file.size();
  const beginning = Buffer.from(await file.read(0, Math.min(sizeBytes, FIRST_CHUNK_AT)));
  const magic = beginning.subarray(0, BAG_MAGIC.length).toString("latin1");
  if (magic !== BAG_MAGIC) throw new InputError(`${path} is not a ROS 1 bag: it ${whatItIs(beginning)}`);
  if (sizeBytes < FIRST_CHUNK_AT) {
    throw new InputError(
      `${path} is truncated: the file has ${sizeBytes} bytes, a bag's header alone needs ${FIRST_CHUNK_AT}`,
    );
  }
  const name = beginning.indexOf("index_pos=", 0, "latin1");
  // Without the field the library says so itself.
  if (name < 0 || name + 18 > beginning.length) return;
  const indexAt = beginning.readBigUInt64LE(name + 10);
  if (indexAt < BigInt(FIRST_CHUNK_AT) || indexAt > BigInt(sizeBytes)) {
    throw new InputError(
      `${path} is truncated or was not closed (index at byte ${indexAt}, the file has ${sizeBytes} bytes); ` +
        "reindex it with 'rosbag reindex'",
    );
  }
}

function whatItIs(beginning: Buffer): string {
  if (beginning.length === 0) return "is empty";
  const text = beginning.toString("latin1");
  if (text.startsWith("\x89MCAP0\r\n")) return "is an MCAP file, which is not read yet";
  if (text.startsWith("SQLite format 3")) return "is an SQLite file (a ROS 2 bag?), which is not read yet";
  if (text.startsWith("#ROSBAG V")) return `has the version '${text.slice(1, 12).trim()}', only V2.0 is read`;
  return `begins with the bytes ${beginning.subarray(0, 8).toString("hex")} instead of '#ROSBAG V2.0'`;
}

/** Turns whatever the library throws at damaged bytes into one line about the file. */
async function explained<T>(path: string, what: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (reason) {
    if (reason instanceof BenchError && reason.message.startsWith(path)) throw reason;
    throw new InputError(`${path} is truncated or damaged: ${what}: ${messageOf(reason)}`, { cause: reason });
  }
}
