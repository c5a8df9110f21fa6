import type { FailureCount } from "./run-record.ts";

/** Failures of several runs or generators by status, with the first message of each, the most frequent first. */
export function joinFailures(all: readonly FailureCount[]): readonly FailureCount[] {
  const sums = new Map<string, FailureCount>();
  for (const failure of all) {
    const known = sums.get(failure.status);
    sums.set(
      failure.status,
      known === undefined ? failure : { ...known, count: known.count + failure.count },
    );
  }
  return [...sums.values()].sort((a, b) => b.count - a.count);
}
