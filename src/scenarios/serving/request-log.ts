import type { ServedRequest } from "../../core/served-request.ts";
import { requestLine } from "./request-line.ts";

/** How long a request may wait to be written, and how many may wait. */
const FLUSH_MS = 200;
const FLUSH_REQUESTS = 1_000;

/** Keeps answered requests for a moment and gives them on as lines, many at a time. */
export interface RequestLog {
  /** Keeps a reference; nothing is formatted on the way of a request. */
  add(served: ServedRequest): void;
  /** Gives on what waits. */
  flush(): void;
}

/** @param write - takes whole lines. @param worker - as in the lines. */
export function createRequestLog(write: (lines: string) => void, worker: number): RequestLog {
  let waiting: { readonly served: ServedRequest; readonly atMs: number }[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    let lines = "";
    for (const { served, atMs } of batch) lines += requestLine(served, atMs, worker);
    write(lines);
  };
  return {
    add(served) {
      waiting.push({ served, atMs: Date.now() });
      if (waiting.length >= FLUSH_REQUESTS) flush();
      else timer ??= setTimeout(flush, FLUSH_MS);
    },
    flush,
  };
}
