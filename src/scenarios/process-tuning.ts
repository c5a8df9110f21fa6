import type { Tuning } from "../core/transport.ts";

/** Freeing and faulting in large buffers dominates 25 MB messages without these (glibc; other C libraries ignore it). */
const MALLOC = "glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=4294967296";

/**
 * V8 counts buffers outside its heap against the limit of the old generation, which a small heap puts at some 20 MB: without
 * this every ten camera frames cost a whole mark-compact. Not more: Node's HTTP/2 streams are freed by a whole collection only,
 * which takes 0.1 s after 50,000 calls, and the longer the rarer it comes.
 */
const OLD_SPACE = "--initial-old-space-size=96";

/** Most of what Node's HTTP/2 client leaves of each call is collected young with it: see there. */
const LEAN_BIND = new URL("./lean-bind.js", import.meta.url).href;

/** How a process of a bench is started under a tuning: its environment and Node's own options. */
export function processTuning(tuning: Tuning): {
  readonly env: NodeJS.ProcessEnv;
  readonly execArgv: string[];
} {
  if (tuning === "defaults") return { env: process.env, execArgv: [] };
  return { env: { ...process.env, GLIBC_TUNABLES: MALLOC }, execArgv: [OLD_SPACE, `--import=${LEAN_BIND}`] };
}

/** What each tuning changes, a line each, for the report. */
export const TUNING_NOTES: Readonly<Record<Tuning, readonly string[]>> = {
  defaults: ["defaults: the libraries as they come; only size limits and TCP_NODELAY are changed"],
  tuned: [
    `tuned, every process: GLIBC_TUNABLES=${MALLOC} and node ${OLD_SPACE}`,
    "tuned, every process: Node's AsyncResource.bind without its deprecated property asyncResource, which keeps all that an HTTP/2 call leaves until the old generation is swept",
    "tuned, grpc: HTTP/2 windows of 16 MiB at both ends, messages written straight into the library's frames",
    "tuned, mqtt: socket buffers of 1 MiB; at QoS 0 messages are written without being joined",
    "tuned, http: HTTP/1.1 has nothing beyond the processes' settings; HTTP/2 has windows of 16 MiB at both ends",
  ],
};
