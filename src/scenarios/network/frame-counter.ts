import { messageOf } from "../../core/errors.ts";
import type { WireBytes } from "../../recording/wire-bytes.ts";
import type { BenchSpec } from "../bench-spec.ts";
import type { Cell } from "../cell.ts";
import { runCell } from "../run-cell.ts";
import { createNamespaces, MTU_BYTES, type Namespaces } from "./namespaces.ts";

/** Requests that are sent for their bytes, after a warm-up of at least one. */
const REQUESTS = 8;
const WARM_UP_MS = 100;

/** Counts the bytes that a cell's requests take on a network, in runs of their own that nothing else is taken from. */
export interface FrameCounter {
  /** Once for each cell; `undefined` where it cannot be done. @throws nothing */
  count(cell: Cell, signal: AbortSignal): Promise<WireBytes | undefined>;
  /** How it is counted, or why it is not, for the report; empty before the first count. */
  notes(): readonly string[];
  close(): Promise<void>;
}

/**
 * Counts at network interfaces: generator, broker or relay, and server stand in network namespaces of their own, joined by
 * cables of 1,500 bytes MTU without offload, and send a few requests one at a time. Only for processes that the bench starts.
 */
export function createFrameCounter(spec: BenchSpec): FrameCounter {
  const counted = new Map<string, Promise<WireBytes | undefined>>();
  const said = new Set<string>();
  let namespaces: Namespaces | undefined;
  let hopeless = spec.quick || spec.wireBytes === "payload" || !isAllOurs(spec);

  const measure = async (cell: Cell, signal: AbortSignal): Promise<WireBytes | undefined> => {
    try {
      namespaces ??= await createNamespaces();
    } catch (error) {
      hopeless = true;
      said.add(`wire bytes are TCP payload, without headers: ${messageOf(error)}`);
      return undefined;
    }
    const { failure, wire, record } = await runCell({
      spec: { ...spec, ...SHORT },
      cell: { ...cell, key: { ...cell.key, ...ONE_AT_A_TIME } },
      repetition: 0,
      namespaces,
      signal,
      onPhase() {},
    });
    if (signal.aborted) return undefined;
    if (failure !== undefined || wire === undefined || record === undefined || record.failures.length > 0) {
      const why = failure ?? record?.failures[0]?.firstMessage ?? "nothing was counted";
      said.add(`${cell.name}: wire bytes could not be counted: ${why}`);
      return undefined;
    }
    said.add(
      `wire bytes: frames at the interfaces of network namespaces (MTU ${MTU_BYTES}, no offload), ${REQUESTS} requests one at a ` +
        "time in a run of their own; connecting and warm-up apart",
    );
    return wire;
  };

  return {
    async count(cell, signal) {
      if (hopeless || cell.key.transport === "local") return undefined;
      const known = counted.get(cell.name) ?? measure(cell, signal);
      counted.set(cell.name, known);
      return known;
    },
    notes: () => [...said],
    async close() {
      await namespaces?.close();
    },
  };
}

const SHORT = {
  durationMs: undefined,
  requests: REQUESTS,
  warmup: { kind: "fixed", durationMs: WARM_UP_MS },
  generators: 1,
} as const satisfies Partial<BenchSpec>;

const ONE_AT_A_TIME = {
  scenario: "closed-loop",
  concurrency: 1,
  connections: 1,
  arrivals: undefined,
  ratePerSec: undefined,
  whenBusy: undefined,
  vehicles: undefined,
} as const satisfies Partial<Cell["key"]>;

function isAllOurs({ url, broker }: BenchSpec): boolean {
  return url === undefined && broker === undefined;
}
