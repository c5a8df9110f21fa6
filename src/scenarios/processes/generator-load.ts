import type { Frame } from "../../core/frame.ts";
import { runClosedLoop } from "../../load/closed-loop.ts";
import { dealSchedule, type LoadPart } from "../../load/deal-schedule.ts";
import type { LoadContext } from "../../load/load-context.ts";
import { runOpenLoop } from "../../load/open-loop.ts";
import { runQueryLoop } from "../../load/query-loop.ts";
import { createSchedule, type Schedule } from "../../load/schedule.ts";
import type { RunRecord } from "../../recording/run-record.ts";
import type { LoadSpec } from "../load-spec.ts";
import { resolveArrivals } from "../recorded-times.ts";

/** Requests that a load keeps outstanding, and so its warm-up too; a schedule's warm-up one for each connection. */
export function outstandingOf(load: LoadSpec, connections: number): number {
  if ("concurrency" in load) return load.concurrency;
  return load.scenario === "multi-stream" ? load.samplesPerQuery : connections;
}

/**
 * This generator's share of the schedule; `undefined` for a load that has none.
 * @throws {BenchError} for a file of timestamps that cannot be read any more.
 */
export async function scheduleOf(
  load: LoadSpec,
  frames: readonly Frame[],
  part: LoadPart,
): Promise<Schedule | undefined> {
  if (load.scenario !== "open-loop" && load.scenario !== "server") return undefined;
  const arrivals = await resolveArrivals(load.arrivals, frames);
  return dealSchedule(createSchedule({ ...load, arrivals }), part);
}

/** Carries out a load. @param schedule - of `scheduleOf`. */
export function runLoad(
  context: LoadContext,
  load: LoadSpec,
  schedule: Schedule | undefined,
): Promise<RunRecord> {
  switch (load.scenario) {
    case "closed-loop":
    case "single-stream":
    case "offline":
      return runClosedLoop(context, { concurrency: load.concurrency, stop: load });
    case "multi-stream":
      return runQueryLoop(context, { samplesPerQuery: load.samplesPerQuery, stop: load });
    case "open-loop":
    case "server": {
      if (schedule === undefined) throw new Error("a load by schedule needs its schedule");
      const { maxInFlight, whenBusy, perVehicle } = load;
      return runOpenLoop(context, { ...schedule, maxInFlight, whenBusy, perVehicle });
    }
  }
}
