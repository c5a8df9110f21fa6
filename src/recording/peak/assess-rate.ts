import type { RunResult } from "../cell-result.ts";
import { mergeDistributions, type Quantile, quantiles } from "../distribution.ts";
import { arithmeticReasons } from "../judge.ts";
import { generatorReasons } from "../judge-generator.ts";
import { allowedErrorShare, type Objective, type ObjectiveTerm } from "./objective.ts";

/**
 * Why a rate does not hold. `generator`: the load generator was at its limit, not the server; `instrument`: the measurement
 * was at fault otherwise; `answers`: they differ, so that no rate means anything; `failed`: the run did not go to its end.
 */
export type MissCause =
  | "objective"
  | "errors"
  | "throughput"
  | "rising"
  | "generator"
  | "instrument"
  | "answers"
  | "failed";

/** What one term of the objective found. */
export interface TermFinding {
  /** `p99`, `error-rate`, `goodput`. */
  readonly name: string;
  readonly held: boolean;
  /** `p99 63.1 ms, above 50 ms`. */
  readonly text: string;
}

/** Whether the objective was held at a rate, and why not. */
export interface RateAssessment {
  readonly held: boolean;
  readonly cause?: MissCause | undefined;
  /** What was found against what was asked, one sentence part each; for a miss the reasons. */
  readonly reasons: readonly string[];
  readonly terms: readonly TermFinding[];
  /**
   * The rate was (nearly) kept up with, or only the instrument spoke against it: noise of the machine could have made the miss,
   * so it is worth a second look.
   */
  readonly borderline: boolean;
}

/** Answers within the window must be this share of those that came at all, or a queue is growing. */
const KEPT_UP = 0.98;
/** Less than this is no chance of a short window's end any more. */
const CLEARLY_BEHIND = 0.9;

/** What an assessment starts from: a run, or a cell with the runs that it pools. */
export type RateEvidence = Pick<RunResult, "verdict" | "reasons" | "answers" | "figures"> & {
  readonly tallies: readonly RunResult["tally"][];
  /** Answers of a lossy encoding may differ. */
  readonly lossless: boolean;
};

/** Response times count from the schedule: lateness makes them longer, never shorter, so what is met with it is met. */
const LATENESS_COUNTED = "the generator was late, which is counted in it";

/**
 * Whether an objective was held in a run, or in the pooled runs of a cell. A rate is held when the verdict is not INVALID or
 * FAILED, no more requests failed, timed out or were dropped than the objective allows (none unless it says so), at least
 * 98 % of the answers came within the window (less what is in flight at the end of any), the response time did not
 * rise throughout, and every term is met. Percentiles are the nearest rank over all scheduled requests.
 */
export function assessRate(objective: Objective, evidence: RateEvidence): RateAssessment {
  const { verdict, figures, answers } = evidence;
  const response = mergeDistributions(evidence.tallies.map((tally) => tally.response));
  const at = quantiles(response);
  const { requests, ok, failed, timedOut, dropped } = figures;
  const wrong = failed + timedOut + dropped;
  const wrongShare = requests > 0 ? wrong / requests : 1;
  const terms = objective.terms.map((term) =>
    find(term, { at, wrongShare, timeoutMs: figures.timeoutMs, requests }),
  );
  const answered = figures.completed + figures.inFlightAllowance;
  const keptUp = answered >= KEPT_UP * ok;

  const miss = (cause: MissCause, reasons: readonly string[], borderline: boolean): RateAssessment => ({
    held: false,
    cause,
    reasons,
    terms,
    borderline,
  });
  if (verdict === "FAILED") return miss("failed", evidence.reasons, false);
  if (verdict === "INVALID") {
    if (evidence.lossless && answers.check === "differs") return miss("answers", evidence.reasons, false);
    const generator = generatorReasons(figures).length > 0;
    const isMet = terms.every(({ held }) => held);
    const isRising = figures.trend?.drifts === true && figures.trend.change > 0;
    const isWorst = generator && arithmeticReasons(figures).length === 0 && !isRising;
    if (isWorst && isMet && keptUp && wrongShare <= allowedErrorShare(objective)) {
      return {
        held: true,
        reasons: [...terms.map(({ text }) => text), LATENESS_COUNTED],
        terms,
        borderline: false,
      };
    }
    const found = `${isMet ? "The objective was met even so" : "With that counted"}: ${terms.map(({ text }) => text).join("; ")}.`;
    return miss(generator ? "generator" : "instrument", [...evidence.reasons, found], true);
  }
  if (wrongShare > allowedErrorShare(objective)) {
    const parts = (
      [
        [dropped, "dropped"],
        [timedOut, "timed out"],
        [failed, "failed"],
      ] as const
    ).flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []));
    return miss("errors", [`${parts.join(", ")} of ${requests} requests`], keptUp);
  }
  const missed = terms.filter(({ held }) => !held).map(({ text }) => text);
  if (!keptUp) {
    const text = `throughput ${rate(figures.throughputPerSec)} of ${rate(figures.scheduledPerSec)} per second, below 98 %`;
    return miss("throughput", [text, ...missed], answered >= CLEARLY_BEHIND * ok);
  }
  if (missed.length > 0) return miss("objective", missed, true);
  if (verdict === "UNSTABLE" && (figures.trend?.change ?? 0) > 0)
    return miss("rising", evidence.reasons, true);
  return { held: true, reasons: terms.map(({ text }) => text), terms, borderline: false };
}

interface Found {
  readonly at: (perMille: number) => Quantile;
  readonly wrongShare: number;
  readonly timeoutMs: number;
  readonly requests: number;
}

function find(term: ObjectiveTerm, { at, wrongShare, timeoutMs, requests }: Found): TermFinding {
  if (term.kind === "error-rate") {
    const held = requests > 0 && wrongShare <= term.share;
    return {
      name: "error-rate",
      held,
      text: `error rate ${percent(wrongShare)}, ${held ? "within" : "above"} ${percent(term.share)}`,
    };
  }
  const goodput = term.kind === "goodput";
  const quantile = at(goodput ? term.share * 1_000 : term.perMille);
  const boundMs = goodput ? term.deadlineMs : term.boundMs;
  const held = typeof quantile !== "string" && quantile.ns / 1e6 <= boundMs;
  const found =
    quantile === "empty"
      ? "nothing"
      : quantile === "infinite"
        ? `> ${timeoutMs} ms`
        : `${digits(quantile.ns / 1e6)} ms`;
  const what = goodput ? `${percent(term.share)} of the requests within` : term.name;
  return {
    name: goodput ? "goodput" : term.name,
    held,
    text: `${what} ${found}, ${held ? "within" : "above"} ${digits(boundMs)} ms`,
  };
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))} %`;
}

function rate(perSec: number | undefined): string {
  return perSec === undefined ? "0" : digits(perSec);
}

/** Four digits that count. */
function digits(value: number): string {
  return value >= 1_000 ? String(Math.round(value)) : String(Number(value.toPrecision(4)));
}
