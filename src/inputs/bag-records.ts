import type { RosTime } from "./ros-time.ts";

/** The op codes of rosbag v2.0's records. @see http://wiki.ros.org/Bags/Format/2.0 */
export const OP = {
  message: 0x02,
  bagHeader: 0x03,
  indexData: 0x04,
  chunk: 0x05,
  chunkInfo: 0x06,
  connection: 0x07,
} as const;

/** The line that every such file begins with. */
export const BAG_MAGIC = "#ROSBAG V2.0\n";

/** Name and raw value of a header field. */
export type Field = readonly [name: string, value: Uint8Array];

/** A record: header length, header, data length, data; all lengths u32 little-endian. */
export function record(fields: readonly Field[], data: Uint8Array): Uint8Array {
  const header = headerBlock(fields);
  return Buffer.concat([u32(header.length), header, u32(data.length), data]);
}

/** Fields one after the other, each with its length: `name=value`. */
export function headerBlock(fields: readonly Field[]): Uint8Array {
  return Buffer.concat(
    fields.flatMap(([name, value]) => {
      const named = Buffer.from(`${name}=`, "latin1");
      return [u32(named.length + value.length), named, value];
    }),
  );
}

export function op(code: number): Field {
  return ["op", Uint8Array.of(code)];
}

export function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

export function time({ sec, nsec }: RosTime): Uint8Array {
  return Buffer.concat([u32(sec), u32(nsec)]);
}

export function ascii(text: string): Uint8Array {
  return Buffer.from(text, "utf8");
}
