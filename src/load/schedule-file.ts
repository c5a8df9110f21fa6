import { readFile } from "node:fs/promises";
import { ConfigError, messageOf } from "../core/errors.ts";

/** Beyond a hundred years the times are of another unit. */
const LONGEST_SEC = 3.2e9;

/**
 * Reads a file of timestamps: one a line, seconds, as many decimals as wanted, never going backwards; empty lines and lines that
 * begin with `#` are passed over.
 *
 * @returns nanoseconds from the first of them.
 * @throws {ConfigError} one line that names the file, the line and what is wrong with it.
 */
export async function readScheduleFile(path: string): Promise<Float64Array> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new ConfigError([{ path: "schedule", message: messageOf(error) }], { cause: error });
  }
  return parseSchedule(text, path);
}

/** The same from the file's text. @param name - of the file, for errors. */
export function parseSchedule(text: string, name: string): Float64Array {
  const offsets: number[] = [];
  let first: bigint | undefined;
  let last: bigint | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const stamp = line.trim();
    if (stamp === "" || stamp.startsWith("#")) continue;
    const fail = (message: string): never => {
      throw new ConfigError([{ path: `${name}:${index + 1}`, message }]);
    };
    const ns = nanoseconds(stamp) ?? fail(`expected a time in seconds, got '${stamp.slice(0, 40)}'`);
    if (last !== undefined && ns < last) {
      fail(`goes backwards: ${stamp} s after ${Number(last) / 1e9} s`);
    }
    first ??= ns;
    last = ns;
    offsets.push(Number(ns - first));
  }
  if (offsets.length === 0) {
    throw new ConfigError([{ path: name, message: "has no timestamp: expected one a line, in seconds" }]);
  }
  return Float64Array.from(offsets);
}

/** Exact for times since the epoch, whose nanoseconds no double holds. */
function nanoseconds(text: string): bigint | undefined {
  const match = /^(\d+)(?:\.(\d*))?$/.exec(text);
  if (match !== null && Number(match[1]) < LONGEST_SEC) {
    return BigInt(match[1] ?? 0) * 1_000_000_000n + BigInt((match[2] ?? "").slice(0, 9).padEnd(9, "0"));
  }
  if (!/^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined;
  const seconds = Number(text);
  return seconds < LONGEST_SEC ? BigInt(Math.round(seconds * 1e9)) : undefined;
}
