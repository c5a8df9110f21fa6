import { type Distribution, distributionOfSpans, type ValueSpan } from "./distribution.ts";
import { fleetIndex } from "./own-lateness.ts";
import { recordedWindow } from "./recorded-window.ts";
import type { RunRecord } from "./run-record.ts";

/** A distribution of time is counted in these: a window of 10 minutes is 60 million of them. Nanoseconds. */
export const AGE_TICK_NS = 10_000;

/**
 * The age of information: at any moment the time since the capture of the newest frame whose answer is there, a frame being
 * captured when it was intended. It grows with the clock and falls when an answer to a newer frame comes; answers to frames
 * older than the newest change nothing. Its distribution over the window is exact: between two falls every age between the
 * ends is held for equally long. The window counts from its first answer on; each vehicle has an age of its own.
 *
 * @returns time at each age: `count` is the time in ticks of 10 µs; absent where no answer came in the window.
 * @see Kaul, S., Yates, R., Gruteser, M.: Real-time status: How often should one update? INFOCOM (2012)
 */
export function ageOf(record: RunRecord): Distribution | undefined {
  const rises = risesOf(record);
  return rises.from.length === 0 ? undefined : distributionOfSpans(timeAtAge(rises), AGE_TICK_NS);
}

/** Straight rises of the age by one second a second, from `from` to `to`, nanoseconds. */
interface Rises {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

function risesOf(record: RunRecord): Rises {
  const { rows } = record;
  const { status, doneNs, intendedNs, vehicle } = record.columns;
  const windowEndNs = recordedWindow(record).endNs;
  const answered = new Uint32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row += 1) {
    if (status[row] !== 0 || doneNs[row]! >= windowEndNs) continue;
    answered[count] = row;
    count += 1;
  }
  const ends = answered.subarray(0, count).sort((a, b) => doneNs[a]! - doneNs[b]!);
  const from: number[] = [];
  const to: number[] = [];
  const newest = new Map<number, { frameNs: number; sinceNs: number }>();
  for (const row of ends) {
    const index = fleetIndex(vehicle[row]);
    const known = newest.get(index);
    if (known === undefined) {
      newest.set(index, { frameNs: intendedNs[row]!, sinceNs: doneNs[row]! });
      continue;
    }
    if (intendedNs[row]! <= known.frameNs) continue;
    from.push(known.sinceNs - known.frameNs);
    to.push(doneNs[row]! - known.frameNs);
    known.frameNs = intendedNs[row]!;
    known.sinceNs = doneNs[row]!;
  }
  for (const { frameNs, sinceNs } of newest.values()) {
    from.push(sinceNs - frameNs);
    to.push(windowEndNs - frameNs);
  }
  return { from, to };
}

/** How long the age was between each two neighbouring ends of rises: the sum over the rises that pass there. */
function* timeAtAge({ from, to }: Rises): Generator<ValueSpan> {
  const starts = Float64Array.from(from).sort();
  const stops = Float64Array.from(to).sort();
  let passing = 0;
  let start = 0;
  let stop = 0;
  let atNs = starts[0] ?? 0;
  while (stop < stops.length) {
    const nextNs = Math.min(starts[start] ?? Number.POSITIVE_INFINITY, stops[stop]!);
    if (nextNs > atNs && passing > 0) yield { fromNs: atNs, toNs: nextNs, density: passing };
    atNs = nextNs;
    while (starts[start] === atNs) {
      passing += 1;
      start += 1;
    }
    while (stops[stop] === atNs) {
      passing -= 1;
      stop += 1;
    }
  }
}
