import type { Schedule } from "./schedule.ts";

/** One of several generators that share a load. */
export interface LoadPart {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

/**
 * One generator's share of a schedule: of request i, generator i modulo their number. The length stays the whole one's, and
 * so does each request's frame.
 */
export function dealSchedule(schedule: Schedule, { index, of }: LoadPart): Schedule {
  if (of === 1) return schedule;
  const { offsetsNs, vehicles, frames } = schedule;
  const mine = (_: unknown, at: number): boolean => at % of === index;
  const own = Uint32Array.from(offsetsNs, (_, at) => frames?.[at] ?? at);
  return {
    ...schedule,
    offsetsNs: offsetsNs.filter(mine),
    ...(vehicles === undefined ? {} : { vehicles: vehicles.filter(mine) }),
    frames: own.filter(mine),
  };
}
