import { type FileHandle, open } from "node:fs/promises";
import { messageOf, TransportError } from "../core/errors.ts";

/** What tells whether a file is still the one that was read. Plain data. */
export interface FileStamp {
  readonly bytes: number;
  /** Of the last change, milliseconds since the epoch. */
  readonly modifiedMs: number;
}

/** A file's content, and its stamp when it was opened. @throws what the file system says */
export function readStamped(file: string): Promise<{ readonly bytes: Buffer; readonly stamp: FileStamp }> {
  return withOpened(file, async (handle, stamp) => ({ bytes: await handle.readFile(), stamp }));
}

/**
 * Reads a file again.
 *
 * @param what - named in errors: `model 'm1-small'`.
 * @throws {TransportError} UNAVAILABLE when it is not the one that was stamped any more, or cannot be read.
 */
export async function readUnchanged(file: string, stamp: FileStamp, what: string): Promise<Buffer> {
  const unavailable = (text: string, cause?: unknown): TransportError =>
    new TransportError("UNAVAILABLE", `${what}: ${text}; load the model again`, { cause });
  const isSame = ({ bytes, modifiedMs }: FileStamp): boolean =>
    bytes === stamp.bytes && modifiedMs === stamp.modifiedMs;
  let bytes: Buffer | undefined;
  try {
    bytes = await withOpened(file, async (handle, now) => (isSame(now) ? handle.readFile() : undefined));
  } catch (cause) {
    throw unavailable(`the file cannot be read any more: ${messageOf(cause)}`, cause);
  }
  if (bytes === undefined) throw unavailable("the file has changed since it was loaded");
  return bytes;
}

/** Stamp and content are of one opened file: another one may take its name meanwhile. */
async function withOpened<T>(
  file: string,
  read: (handle: FileHandle, stamp: FileStamp) => Promise<T>,
): Promise<T> {
  const handle = await open(file);
  try {
    const { size, mtimeMs } = await handle.stat();
    return await read(handle, { bytes: size, modifiedMs: mtimeMs });
  } finally {
    await handle.close();
  }
}
