import { InputError } from "../core/errors.ts";
import type { BagFile } from "./bag-file.ts";
import { OP } from "./bag-records.ts";
import { toNs } from "./ros-time.ts";

/** What a chunk's record and the index data after it tell, without decompressing it. */
export interface ChunkIndex {
  /** `none`, `bz2` or `lz4`. */
  readonly compression: string;
  readonly entries: readonly IndexEntry[];
}

/** One message by the index. */
export interface IndexEntry {
  readonly connectionId: number;
  readonly recordedNs: bigint;
  /** Bytes of its record in the chunk, uncompressed; to the next message's record where the two are apart. */
  readonly recordBytes: number;
}

/** Real headers have some hundred bytes; a damaged length must not become an allocation. */
const MAX_HEADER_BYTES = 1_048_576;

/**
 * Reads the index of the chunk at a position (of {@link BagFile.chunkPositions}).
 * @throws {InputError} when it is damaged.
 */
export async function readChunkIndex(bag: BagFile, position: number): Promise<ChunkIndex> {
  const chunk = await readHeader(bag, position);
  if (chunk.op !== OP.chunk) throw damaged(bag, position, `a chunk was expected, op ${chunk.op} was found`);
  const found: { connectionId: number; recordedNs: bigint; offset: number }[] = [];
  for (let at = chunk.dataAt + chunk.dataBytes; at + 8 <= bag.sizeBytes; ) {
    const index = await readHeader(bag, at);
    if (index.op !== OP.indexData) break;
    const connectionId = index.u32("conn");
    const count = index.u32("count");
    if (count * 12 > index.dataBytes)
      throw damaged(bag, at, `an index of ${count} messages in ${index.dataBytes} bytes`);
    const data = Buffer.from((await bag.read(index.dataAt, index.dataBytes)).buffer);
    for (let entry = 0; entry < count; entry++) {
      const recordedNs = toNs({
        sec: data.readUInt32LE(entry * 12),
        nsec: data.readUInt32LE(entry * 12 + 4),
      });
      found.push({ connectionId, recordedNs, offset: data.readUInt32LE(entry * 12 + 8) });
    }
    at = index.dataAt + index.dataBytes;
  }
  const end = chunk.u32("size");
  const byOffset = found.sort((a, b) => a.offset - b.offset);
  const entries = byOffset.map(({ connectionId, recordedNs, offset }, at) => {
    const next = byOffset[at + 1]?.offset ?? end;
    return { connectionId, recordedNs, recordBytes: Math.max(0, next - offset) };
  });
  return { compression: chunk.text("compression"), entries };
}

interface RecordHeader {
  readonly op: number | undefined;
  readonly dataAt: number;
  readonly dataBytes: number;
  u32(field: string): number;
  text(field: string): string;
}

async function readHeader(bag: BagFile, position: number): Promise<RecordHeader> {
  const headerBytes = Buffer.from((await bag.read(position, 4)).buffer).readUInt32LE(0);
  if (headerBytes > MAX_HEADER_BYTES) throw damaged(bag, position, `a header of ${headerBytes} bytes`);
  const header = Buffer.from((await bag.read(position + 4, headerBytes + 4)).buffer);
  const fields = new Map<string, Buffer>();
  for (let at = 0; at + 4 <= headerBytes; ) {
    const length = header.readUInt32LE(at);
    const field = header.subarray(at + 4, Math.min(at + 4 + length, headerBytes));
    const equals = field.indexOf("=");
    if (field.length < length || equals < 0)
      throw damaged(bag, position, "a header field without name or end");
    fields.set(field.subarray(0, equals).toString("latin1"), field.subarray(equals + 1));
    at += 4 + length;
  }
  const field = (name: string, bytes: number): Buffer => {
    const value = fields.get(name);
    if (value === undefined || value.length < bytes) throw damaged(bag, position, `no field '${name}'`);
    return value;
  };
  return {
    op: fields.get("op")?.[0],
    dataAt: position + 8 + headerBytes,
    dataBytes: header.readUInt32LE(headerBytes),
    u32: (name) => field(name, 4).readUInt32LE(0),
    text: (name) => field(name, 1).toString("utf8"),
  };
}

function damaged(bag: BagFile, position: number, what: string): InputError {
  return new InputError(`${bag.path} is truncated or damaged: the record at byte ${position}: ${what}`);
}
