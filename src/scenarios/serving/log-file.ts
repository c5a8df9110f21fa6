import { createWriteStream, openSync, type WriteStream } from "node:fs";
import { BenchError, messageOf } from "../../core/errors.ts";

/** Lines beyond this many bytes that the disk has not taken are given up. */
const MOST_WAITING_BYTES = 64 * 1024 * 1024;

/** A file that lines are appended to. */
export interface LogFile {
  /** Never throws: what cannot be written is told once. */
  write(lines: string): void;
  /** Goes on in a new file of the same name, after the old one was moved away. */
  reopen(): void;
  /** Writes what waits. Never rejects. */
  close(): Promise<void>;
}

/**
 * Opens a log for appending; it is made where there is none.
 *
 * @param onTrouble - told, in one line, of lines that could not be written.
 * @throws {BenchError} ERR_USAGE when it cannot be opened.
 */
export function openLogFile(path: string, onTrouble: (line: string) => void): LogFile {
  let hasTold = false;
  const trouble = (reason: string): void => {
    if (!hasTold) onTrouble(`requests are no longer all in ${path}: ${reason}`);
    hasTold = true;
  };
  const open = (): WriteStream => {
    const stream = createWriteStream(path, { fd: openSync(path, "a") });
    stream.on("error", (reason) => trouble(messageOf(reason)));
    return stream;
  };
  let stream: WriteStream;
  try {
    stream = open();
  } catch (cause) {
    throw new BenchError("ERR_USAGE", `--access-log: cannot write ${path}: ${messageOf(cause)}`, { cause });
  }
  return {
    write(lines) {
      if (stream.writableLength > MOST_WAITING_BYTES) trouble("the disk is too slow");
      else if (lines !== "" && !stream.destroyed) stream.write(lines);
    },
    reopen() {
      try {
        const next = open();
        stream.end();
        stream = next;
        hasTold = false;
      } catch (reason) {
        trouble(messageOf(reason));
      }
    },
    close: () =>
      new Promise((resolve) => {
        if (stream.destroyed) resolve();
        else {
          stream.once("close", () => resolve());
          stream.end();
        }
      }),
  };
}
