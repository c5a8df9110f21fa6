import type { Tuning } from "../core/transport.ts";

/** Freeing and faulting in large buffers dominates 25 MB messages without these (glibc; other C libraries ignore it). */
const MALLOC = "glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=4294967296";

/**
 * V8 counts buffers outside its heap against the limit of the old generation, which a small heap puts at some 20 MB: without
 * this every ten camera frames cost a whole mark-compact. Not more: the longer a collection waits, the longer is its pause.
 */
const OLD_SPACE = "--initial-old-space-size=96";

/**
 * More collections of the young generation, of 0.3 to 0.7 ms instead of 0.8 to 1.7 ms at 2,000 gRPC calls a second: each waited
 * for helping threads that the other processes' work kept from the cores, and ended the header texts of all calls since the last.
 */
const YOUNG_SPACE = ["--min-semi-space-size=4", "--max-semi-space-size=4", "--no-parallel-scavenge"];

/** What Node's HTTP/2 leaves of each call is collected young with it, nearly all: see there. */
const LEAN_HTTP2 = new URL("./lean-http2.js", import.meta.url).href;

/** How a process of a bench is started under a tuning: its environment and Node's own options. */
export function processTuning(tuning: Tuning): {
  readonly env: NodeJS.ProcessEnv;
  readonly execArgv: string[];
} {
  if (tuning === "defaults") return { env: process.env, execArgv: [] };
  return {
    env: { ...process.env, GLIBC_TUNABLES: MALLOC },
    execArgv: [OLD_SPACE, ...YOUNG_SPACE, `--import=${LEAN_HTTP2}`],
  };
}

/** What each tuning changes, a line each, for the report. */
export const TUNING_NOTES: Readonly<Record<Tuning, readonly string[]>> = {
  defaults: ["defaults: the libraries as they come; only size limits and TCP_NODELAY are changed"],
  tuned: [
    `tuned, every process: GLIBC_TUNABLES=${MALLOC} and node ${[OLD_SPACE, ...YOUNG_SPACE].join(" ")}`,
    "tuned, every process: Node's HTTP/2 keeps nearly nothing of a call for the sweep of the old generation: AsyncResource.bind without its deprecated property, tables of streams that are not made anew, options of respond that are whole",
    "tuned, grpc: HTTP/2 windows of 16 MiB at both ends, messages written straight into the library's frames, tables of calls that are not made anew, no stack kept of each call",
    "tuned, mqtt: socket buffers of 1 MiB; at QoS 0 messages are written without being joined",
    "tuned, http: HTTP/1.1 has nothing beyond the processes' settings; HTTP/2 has windows of 16 MiB at both ends",
  ],
};
