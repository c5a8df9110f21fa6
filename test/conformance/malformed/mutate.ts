import type { Random } from "../../../dist/core/random.js";

/** A whole number from 0 to below `end`. */
export function below(random: Random, end: number): number {
  return Math.floor(random.fraction() * end);
}

/** One of the values. */
export function oneOf<T>(random: Random, values: readonly T[]): T {
  const value = values[below(random, values.length)];
  if (value === undefined) throw new Error("nothing to choose from");
  return value;
}

/** What tends to find faults in parsers: ends of ranges, lengths that lie, broken UTF-8, nesting, odd tokens. */
const SPLICES: readonly Buffer[] = [
  Buffer.from("ffffffffffffffffff01", "hex"),
  Buffer.from("ffffffff0f", "hex"),
  Buffer.from("ffffffff", "hex"),
  Buffer.from("00000000", "hex"),
  Buffer.from("80", "hex"),
  Buffer.from("eda080", "hex"),
  Buffer.from("c080", "hex"),
  Buffer.from("NaN"),
  Buffer.from("1e999"),
  Buffer.from("-1"),
  Buffer.from("18446744073709551616"),
  Buffer.from("null"),
  Buffer.from('"\\ud800"'),
  Buffer.from("\r\n\r\n"),
  Buffer.from("[".repeat(300)),
  Buffer.from('{"a":'.repeat(150)),
  Buffer.from("%"),
  Buffer.alloc(2_000, 0x41),
];

type Edit = (bytes: Buffer, random: Random) => Buffer;

const EDITS: readonly Edit[] = [
  // A flipped bit.
  (bytes, random) => {
    const result = Buffer.from(bytes);
    const at = below(random, result.length);
    if (result.length > 0) result[at] = (result[at] ?? 0) ^ (1 << below(random, 8));
    return result;
  },
  // Another byte.
  (bytes, random) => {
    const result = Buffer.from(bytes);
    if (result.length > 0) result[below(random, result.length)] = below(random, 256);
    return result;
  },
  // A range less.
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  // A range twice.
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  // Something odd in between.
  (bytes, random) => {
    const at = below(random, bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), oneOf(random, SPLICES), bytes.subarray(at)]);
  },
  // Something odd instead.
  (bytes, random) => {
    const splice = oneOf(random, SPLICES);
    const at = below(random, bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), splice, bytes.subarray(at + splice.length)]);
  },
  // Cut off.
  (bytes, random) => bytes.subarray(0, below(random, bytes.length + 1)),
  // More behind it.
  (bytes, random) =>
    Buffer.concat([
      bytes,
      Buffer.from(Array.from({ length: 1 + below(random, 20) }, () => below(random, 256))),
    ]),
];

/** A copy with one to three edits. */
export function mutateBytes(bytes: Uint8Array, random: Random): Buffer {
  let result: Buffer = Buffer.from(bytes);
  for (let edits = 1 + below(random, 3); edits > 0; edits--) result = oneOf(random, EDITS)(result, random);
  return result;
}

function range(bytes: Buffer, random: Random): readonly [from: number, to: number] {
  const from = below(random, bytes.length + 1);
  return [from, Math.min(bytes.length, from + 1 + below(random, 16))];
}

/** Values that do not belong where they are put, as JSON text (some of them are none). */
const ODD_VALUES = [
  "null",
  "true",
  "-1",
  "0",
  "0.5",
  "256",
  "1e999",
  "9007199254740993",
  "4294967296",
  "18446744073709551615",
  "NaN",
  "Infinity",
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"UINT64"',
  '"BYTES"',
  '"FP16"',
  "[]",
  "{}",
  "[[]]",
  "[[1,2],[3]]",
  "[-1]",
  "[2147483648,2147483648]",
  '{"b64":"AQID"}',
  '{"b64":"*"}',
  '{"__proto__":{"x":1}}',
  `${"[".repeat(200)}${"]".repeat(200)}`,
  `"${"x".repeat(5_000)}"`,
] as const;

/** The JSON text of a value in which one member or element was replaced, left out or doubled. */
export function mutateJson(value: unknown, random: Random): string {
  let places = 0;
  visit(value, () => {
    places += 1;
  });
  const chosen = below(random, places);
  const how = below(random, 6);
  const odd = oneOf(random, ODD_VALUES);
  let place = 0;
  const write = (part: unknown): string => {
    const isChosen = place === chosen;
    place += 1;
    let text: string;
    if (Array.isArray(part)) {
      text = `[${part.flatMap((element) => write(element) || []).join(",")}]`;
    } else if (typeof part === "object" && part !== null) {
      const members = Object.entries(part).flatMap(([key, member]) => {
        const written = write(member);
        return written === "" ? [] : [`${JSON.stringify(key)}:${written}`];
      });
      text = `{${members.join(",")}}`;
    } else text = JSON.stringify(part);
    if (!isChosen) return text;
    if (how === 0) return "";
    if (how === 1) return `[${text}]`;
    return how === 2 ? `${text},${text}` : odd;
  };
  return write(value);
}

function visit(value: unknown, look: () => void): void {
  look();
  if (typeof value !== "object" || value === null) return;
  for (const part of Object.values(value)) visit(part, look);
}
