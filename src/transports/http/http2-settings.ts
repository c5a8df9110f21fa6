import type { Http2Session, SessionOptions } from "node:http2";

/** HTTP/2's own default of 64 KiB holds large messages up; 4 to 16 MiB is enough. */
export const WINDOW_BYTES = 16 * 1024 * 1024;

/**
 * Options of both ends. Node's limit of 10 MB for all streams of a connection would refuse new ones while large messages
 * are under way: the limits are ours. What is wider when `tuned` is the window of each stream.
 */
export function sessionOptions(tuned: boolean): SessionOptions {
  return {
    maxSessionMemory: Number.MAX_SAFE_INTEGER,
    settings: { enablePush: false, ...(tuned ? { initialWindowSize: WINDOW_BYTES } : {}) },
  };
}

/** Widens the window of a whole connection, once it is there. */
export function widenWindow(session: Http2Session): void {
  session.setLocalWindowSize(WINDOW_BYTES);
}
