import type { ProcessCost } from "./process-costs.ts";
import type { TcpPayload } from "./wire-bytes.ts";

/** Costs of several processes in one role: what adds up is added, of the rest the worst counts. At least one. */
export function joinCosts(costs: readonly ProcessCost[]): ProcessCost {
  const [first] = costs;
  if (first === undefined) throw new RangeError("expected at least one cost");
  if (costs.length === 1) return first;
  const known = (pick: (cost: ProcessCost) => number | undefined): readonly number[] =>
    costs.flatMap((cost) => pick(cost) ?? []);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const worst = (values: readonly number[]): number | undefined =>
    values.length > 0 ? Math.max(...values) : undefined;
  const spins = known(({ spinMs }) => spinMs);
  return {
    cpuMs: sum(known(({ cpuMs }) => cpuMs)),
    peakRssMb: sum(known(({ peakRssMb }) => peakRssMb)),
    eventLoopDelayP99Ms: worst(known(({ eventLoopDelayP99Ms }) => eventLoopDelayP99Ms)),
    eventLoopUtilization: worst(known(({ eventLoopUtilization }) => eventLoopUtilization)),
    runQueueWaitMs: worst(known(({ runQueueWaitMs }) => runQueueWaitMs)),
    spinMs: spins.length > 0 ? sum(spins) : undefined,
    tcp: joinTcp(costs.map(({ tcp }) => tcp)),
  };
}

/** Absent where one of them did not count. */
function joinTcp(all: readonly (TcpPayload | undefined)[]): TcpPayload | undefined {
  const known = all.flatMap((tcp) => tcp ?? []);
  if (known.length < all.length) return undefined;
  return known.reduce((sum, tcp) => ({
    connections: sum.connections + tcp.connections,
    writtenBytes: sum.writtenBytes + tcp.writtenBytes,
    readBytes: sum.readBytes + tcp.readBytes,
  }));
}
