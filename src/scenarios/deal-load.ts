import { BenchError } from "../core/errors.ts";
import { dealOut } from "../recording/deal-out.ts";
import { MAX_RECORDED } from "../recording/recorder.ts";
import type { LoadSpec } from "./load-spec.ts";
import type { GeneratorStart } from "./processes/commands.ts";

/**
 * What each of several generators is to do, so that together they do what one would: requests outstanding, connections,
 * limits and rows are dealt out here, the schedule by the generators themselves.
 *
 * @throws {BenchError} when {@link dealProblem} has a problem with it.
 */
export function dealLoad(start: GeneratorStart, generators: number): readonly GeneratorStart[] {
  if (generators === 1) return [start];
  const problem = dealProblem(start, generators);
  if (problem !== undefined) throw new BenchError("ERR_USAGE", `--generators: ${problem}`);
  const connections = dealOut(start.connections, generators);
  // Of fewer rows than generators each still has one.
  const rows = dealOut(Math.max(generators, start.recording.maxRecorded ?? MAX_RECORDED), generators);
  return dealLoadSpec(start.load, generators).map((load, index) => ({
    ...start,
    load,
    connections: connections[index] ?? 1,
    recording: { ...start.recording, maxRecorded: rows[index] },
    part: { index, of: generators },
    idPrefix: `${start.idPrefix}g${index}-`,
  }));
}

/** Why a load cannot be shared by so many generators; absent: it can. */
export function dealProblem(
  { load, connections }: Pick<GeneratorStart, "load" | "connections">,
  generators: number,
): string | undefined {
  if (generators === 1) return undefined;
  if (load.scenario === "multi-stream") {
    return `${generators} generators cannot send the samples of one multi-stream query`;
  }
  if ("perVehicle" in load && load.perVehicle) {
    return `${generators} generators would each need a connection of every vehicle: name their number with --connections`;
  }
  const shares: readonly (readonly [name: string, total: number | undefined])[] = [
    ["connections", connections],
    ...("concurrency" in load
      ? ([
          ["concurrency", load.concurrency],
          ["requests", load.requests],
        ] as const)
      : ([["max-in-flight", load.maxInFlight]] as const)),
  ];
  const short = shares.find(([, total]) => total !== undefined && total < generators);
  return short && `${generators} generators need at least as many --${short[0]}, there are ${short[1]}`;
}

function dealLoadSpec(load: LoadSpec, generators: number): readonly LoadSpec[] {
  if (load.scenario === "multi-stream") return [];
  if ("concurrency" in load) {
    const requests = load.requests === undefined ? undefined : dealOut(load.requests, generators);
    return dealOut(load.concurrency, generators).map((concurrency, index) => ({
      ...load,
      concurrency,
      requests: requests?.[index],
    }));
  }
  // The limit is each vehicle's, and each generator sends for all of them.
  return dealOut(load.maxInFlight, generators).map((maxInFlight) => ({ ...load, maxInFlight }));
}
