import type { Frame } from "../core/frame.ts";
import type { ArrivalsSpec } from "../load/schedule.ts";
import { readScheduleFile } from "../load/schedule-file.ts";
import type { OpenLoopSpec } from "./load-spec.ts";

/** When the frames of a source were taken. */
export interface FrameTimes {
  /** Nanoseconds from the first one, ascending; one for each frame. */
  readonly timesNs: Float64Array;
  /** What a report should say about them. */
  readonly note?: string | undefined;
}

/**
 * The camera's times (`header.stamp`), or those of the recorder where the camera's are missing, all the same or go backwards.
 * @returns `undefined` where some frame has neither.
 */
export function recordedTimes(
  frames: readonly Pick<Frame, "stampNs" | "recordedNs">[],
): FrameTimes | undefined {
  const stamps = offsets(frames.map(({ stampNs }) => stampNs));
  if (stamps !== undefined && (stamps.length === 1 || (stamps.at(-1) ?? 0) > 0)) return { timesNs: stamps };
  const recorded = offsets(frames.map(({ recordedNs }) => recordedNs));
  if (recorded === undefined) return undefined;
  return {
    timesNs: recorded,
    note: "the frames' header stamps are missing or not in order: arrivals follow the times at which they were recorded",
  };
}

/** From the first one; `undefined` where one is missing or earlier than the one before. */
function offsets(times: readonly (bigint | undefined)[]): Float64Array | undefined {
  const [first] = times;
  if (first === undefined) return undefined;
  const found = new Float64Array(times.length);
  for (const [index, time] of times.entries()) {
    if (time === undefined) return undefined;
    found[index] = Number(time - first);
    if (index > 0 && (found[index] ?? 0) < (found[index - 1] ?? 0)) return undefined;
  }
  return found;
}

/**
 * Arrivals with their times in hand.
 * @throws {ConfigError} for a file of timestamps that has changed since the bench was planned and holds none now.
 */
export async function resolveArrivals(
  arrivals: OpenLoopSpec["arrivals"],
  frames: readonly Frame[],
): Promise<ArrivalsSpec> {
  if (arrivals.kind !== "file" && arrivals.kind !== "recording") return arrivals;
  const timesNs =
    arrivals.kind === "file" ? await readScheduleFile(arrivals.path) : recordedTimes(frames)?.timesNs;
  if (timesNs === undefined) throw new RangeError("the frames have no recorded times");
  return { kind: "times", timesNs: timesNs.map((ns) => ns / arrivals.speed) };
}
