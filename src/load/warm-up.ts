import type { WarmUpResult } from "../recording/cell-result.ts";
import type { RunRecord } from "../recording/run-record.ts";
import { runClosedLoop } from "./closed-loop.ts";
import type { LoadContext } from "./load-context.ts";

/** `auto`, or a fixed time of which 0 is none. */
export type WarmUpRule = { readonly kind: "auto" } | { readonly kind: "fixed"; readonly durationMs: number };

/**
 * The rule of `auto`: fixed, so that no cell is warmed up longer because its numbers looked better so. A rehearsal goes before it, so
 * what is left is to fill caches and to settle.
 */
export const AUTO_WARM_UP = {
  leastMs: 500,
  leastAnswers: 12,
  /** With so many answers the transport is what is measured, over more connections than the rehearsal's… */
  manyAnswers: 100,
  /** …and goes on being compiled for so long. */
  leastMsOfMany: 1000,
  mostMs: 4000,
  /** The median of this many answers' times… */
  block: 6,
  /** …is within this share of that of as many before. */
  within: 0.1,
} as const;

/**
 * Runs a closed loop before the measurement, so that code is compiled, sessions are allocated and connections are open. Give
 * it a context with a recorder and an id prefix of its own.
 *
 * @param options.concurrency - requests outstanding, as in the run that follows.
 * @returns what it did, for the report. Failures do not end it: the run that follows shows them.
 */
export async function warmUp(
  context: LoadContext,
  rule: WarmUpRule,
  { concurrency }: { readonly concurrency: number },
): Promise<WarmUpResult> {
  if (rule.kind === "fixed") {
    if (rule.durationMs === 0) return { rule: "none", durationMs: 0, requests: 0, failed: 0, settled: true };
    const record = await runClosedLoop(context, { concurrency, stop: { durationMs: rule.durationMs } });
    return outcome("fixed", record, true);
  }
  const answersNs: number[] = [];
  const startNs = context.clock.nowNs();
  let settled = false;
  const record = await runClosedLoop(context, {
    concurrency,
    stop: { durationMs: AUTO_WARM_UP.mostMs },
    endsEarly: (answerNs) => {
      answersNs.push(answerNs);
      const isMany = answersNs.length >= AUTO_WARM_UP.manyAnswers;
      const leastMs = isMany ? AUTO_WARM_UP.leastMsOfMany : AUTO_WARM_UP.leastMs;
      settled ||= context.clock.nowNs() - startNs >= leastMs * 1e6 && isSettled(answersNs);
      return settled;
    },
  });
  return outcome("auto", record, settled);
}

/** Whether the last block of times is like the block before it. @param timesNs - in the order of their ends. */
export function isSettled(timesNs: readonly number[]): boolean {
  const { block, leastAnswers, within } = AUTO_WARM_UP;
  if (timesNs.length < Math.max(leastAnswers, 2 * block)) return false;
  const last = median(timesNs.slice(-block));
  const before = median(timesNs.slice(-2 * block, -block));
  return Math.abs(last - before) <= within * before;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return ((sorted[middle] ?? 0) + (sorted[sorted.length - 1 - middle] ?? 0)) / 2;
}

function outcome(rule: "auto" | "fixed", record: RunRecord, settled: boolean): WarmUpResult {
  const failed = record.failures.reduce((sum, { count }) => sum + count, 0);
  const lastNs = record.columns.doneNs.reduce((last, ns) => (ns > last ? ns : last), record.windowStartNs);
  return { rule, durationMs: (lastNs - record.windowStartNs) / 1e6, requests: record.rows, failed, settled };
}
