import type { RehearsalResult, WarmUpResult } from "./cell-result.ts";

/** What the warm-ups of several generators of one run did together; `undefined` for none. */
export function joinWarmUps(warmUps: readonly WarmUpResult[]): WarmUpResult | undefined {
  const [first] = warmUps;
  if (first === undefined) return undefined;
  const rehearsals = warmUps.flatMap(({ rehearsal }) => rehearsal ?? []);
  return {
    ...first,
    ...joinRehearsals(warmUps),
    ...(rehearsals.length === 0 ? {} : { rehearsal: joinRehearsals(rehearsals) }),
    failed: warmUps.reduce((sum, { failed }) => sum + failed, 0),
    settled: warmUps.every(({ settled }) => settled),
  };
}

/** Of rehearsals at the same time, at least one. */
export function joinRehearsals(rehearsals: readonly RehearsalResult[]): RehearsalResult {
  return {
    requests: rehearsals.reduce((sum, { requests }) => sum + requests, 0),
    durationMs: Math.max(...rehearsals.map(({ durationMs }) => durationMs)),
  };
}
