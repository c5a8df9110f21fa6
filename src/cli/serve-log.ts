import { openLogFile } from "../scenarios/serving/log-file.ts";

/** Where the requests of `serve` are written, and what else it says. */
export interface ServeLog {
  /** Lines of the request log. */
  write(lines: string): void;
  /** A line for the user. */
  tell(line: string): void;
  close(): Promise<void>;
}

/**
 * @param accessLog - a file; `-`: standard output, which then has nothing else; absent: nowhere.
 * @throws {BenchError} ERR_USAGE when the file cannot be written.
 */
export function openServeLog(accessLog: string | undefined): ServeLog {
  const toOutput = (line: string): void => console.log(line);
  const toErrors = (line: string): void => console.error(line);
  if (accessLog === undefined) {
    return { write: () => {}, tell: toOutput, close: () => Promise.resolve() };
  }
  if (accessLog === "-") {
    return {
      write: (lines) => void process.stdout.write(lines),
      tell: toErrors,
      close: () => Promise.resolve(),
    };
  }
  const file = openLogFile(accessLog, toErrors);
  // What logrotate sends after it has moved the file.
  const reopen = (): void => file.reopen();
  process.on("SIGHUP", reopen);
  return {
    write: file.write,
    tell: toOutput,
    async close() {
      process.off("SIGHUP", reopen);
      await file.close();
    },
  };
}
