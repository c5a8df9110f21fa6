import type { Rate, RateRange } from "../scenarios/bench-spec.ts";

const NUMBER = String.raw`(\d+(?:\.\d+)?)`;
const RANGE = new RegExp(`^${NUMBER}\\.\\.${NUMBER}(?::${NUMBER})?$`);
/** Arrivals per second; more could not be sent. */
const HIGHEST_RATE = 1_000_000;
/** Cells of one sweep. */
const MOST_STEPS = 1_000;

/**
 * Reads a rate: a number, `10..50:5` (each of 10, 15 … 50), or `5..50` (the range of a ramp or of steps, either way round).
 *
 * @returns the rates, or what is wrong with it.
 */
export function parseRate(value: number | string): readonly Rate[] | { readonly problem: string } {
  if (typeof value === "number") return problemOf(value) ?? [value];
  const match = RANGE.exec(value.trim());
  if (match === null) {
    return { problem: `expected a rate such as 20, 10..50:5 or (ramp, steps) 5..50, got '${value}'` };
  }
  const [from, to, step] = [Number(match[1]), Number(match[2]), match[3]];
  const problem = problemOf(from) ?? problemOf(to);
  if (problem !== undefined) return problem;
  if (step === undefined) return [`${from}..${to}` satisfies RateRange];
  const width = Number(step);
  if (width === 0 || to < from) {
    return { problem: `expected FROM..TO:STEP upwards with a step above 0, got '${value}'` };
  }
  // A little more, so that the last one is in it whatever a decimal step rounds to.
  const count = Math.floor((to - from) / width + 1e-9) + 1;
  if (count > MOST_STEPS)
    return { problem: `expected at most ${MOST_STEPS} rates, got ${count} of '${value}'` };
  return Array.from({ length: count }, (_, index) => Number((from + index * width).toPrecision(12)));
}

function problemOf(rate: number): { readonly problem: string } | undefined {
  if (Number.isFinite(rate) && rate > 0 && rate <= HIGHEST_RATE) return undefined;
  return { problem: `expected a finite number above 0 and up to ${HIGHEST_RATE}, got ${rate}` };
}
