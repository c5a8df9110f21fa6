import type { Http2Session, SessionOptions } from "node:http2";

/** HTTP/2's own default of 64 KiB holds large messages up; 4 to 16 MiB is enough. */
export const WINDOW_BYTES = 16 * 1024 * 1024;
/** Requests that a connection may have open at the server; a client keeps what is beyond until others have ended. */
export const MOST_STREAMS = 1_024;

/**
 * Options of both ends. Node's limit of 10 MB for all streams of a connection would refuse new ones while large messages
 * are under way; what bounds a connection is the number of its requests and the size of each body. What is wider when
 * `tuned` is the window of each stream.
 */
export function sessionOptions(tuned: boolean): SessionOptions {
  return {
    maxSessionMemory: Number.MAX_SAFE_INTEGER,
    settings: { enablePush: false, ...(tuned ? { initialWindowSize: WINDOW_BYTES } : {}) },
  };
}

/** The same for a server, which tells its clients how many requests they may have open. */
export function serverSessionOptions(tuned: boolean): SessionOptions {
  const options = sessionOptions(tuned);
  return { ...options, settings: { ...options.settings, maxConcurrentStreams: MOST_STREAMS } };
}

/** Widens the window of a whole connection, once it is there. */
export function widenWindow(session: Http2Session): void {
  session.setLocalWindowSize(WINDOW_BYTES);
}
