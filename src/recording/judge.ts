import type { AnswerCheck, Verdict } from "../core/verdict.ts";
import { FEWEST_REQUESTS } from "./duration-figures.ts";
import type { CellFigures } from "./figures.ts";
import { generatorReasons } from "./judge-generator.ts";
import { type ScenarioContext, scenarioNotes } from "./scenario-notes.ts";

export interface JudgeContext extends ScenarioContext {
  /** The bench ran with `--quick`. */
  readonly quick: boolean;
  readonly openLoop: boolean;
  /** The schedule's rate changes over the run (ramp, steps, recordings): response times may move with it. @default false */
  readonly rateVaries?: boolean | undefined;
  /** Why a run could not go to its end (a process died, a connection could not be made); absent when it did. */
  readonly failure?: string | undefined;
  readonly answerCheck: AnswerCheck;
  readonly answerAgreementPercent?: number | undefined;
  /** What the answers are compared with. @default the in-process reference */
  readonly answersAgainst?: string | undefined;
  /** A lossy encoding may differ: its agreement is printed, and it is never at fault for it. */
  readonly lossless: boolean;
}

export interface Judgement {
  readonly verdict: Verdict;
  /** Whole sentences that say what was found and what to do; never empty for anything but VALID and SMOKE. */
  readonly reasons: readonly string[];
}

/** Stages that leave more than both of these unaccounted do not close. */
const UNACCOUNTED_SHARE = 0.05;
const UNACCOUNTED_MS = 0.05;
/** A throughput below this share of the scheduled rate is overload. */
const KEPT_UP = 0.98;
/** Requests in flight that were counted may be this share away from rate × residence. */
const LITTLE_SHARE = 0.05;
/** A difference that is less time than this a request lies in when the clock is read, not in the requests. */
const LITTLE_MS = 0.05;
/** Where nothing else explains a trend. */
const STEADY_ADVICE =
  "Warm up longer (--warmup), look for heat or another load on the machine, and run again.";
/** So many unanswered failures in a row at the end of a run are a server that went away. */
const GONE_AFTER = 3;

/**
 * How far the figures can be trusted. The first that holds: FAILED, INVALID, SMOKE, OVERLOADED, UNSTABLE, VALID. The reasons of
 * those after it are there too.
 */
export function judge(figures: CellFigures, context: JudgeContext): Judgement {
  const failed = failureReasons(figures, context);
  if (failed.length > 0) return { verdict: "FAILED", reasons: failed };
  const overload = context.openLoop ? overloadReasons(figures) : timeoutReasons(figures);
  const invalid = [...answerReasons(context), ...(context.quick ? [] : instrumentReasons(figures, context))];
  const trend = trendReasons(figures, context);
  const notes = [...failureNotes(figures), ...stallNotes(figures), ...scenarioNotes(figures, context)];
  if (invalid.length > 0) {
    return { verdict: "INVALID", reasons: [...invalid, ...overload, ...trend, ...notes] };
  }
  if (context.quick) return { verdict: "SMOKE", reasons: [...overload, ...notes] };
  if (overload.length > 0) return { verdict: "OVERLOADED", reasons: [...overload, ...trend, ...notes] };
  if (trend.length > 0) return { verdict: "UNSTABLE", reasons: [...trend, STEADY_ADVICE, ...notes] };
  return { verdict: "VALID", reasons: notes };
}

function failureReasons(figures: CellFigures, { failure }: JudgeContext): string[] {
  const reasons = failure === undefined ? [] : [failure];
  const first = figures.failures[0];
  if (figures.aborted && failure === undefined) reasons.push("The run was broken off before its end.");
  else if (figures.ok === 0 && figures.requests > 0) {
    const why = first === undefined ? "" : ` (${first.status}: ${first.firstMessage})`;
    reasons.push(
      `None of ${figures.requests} requests was answered${why}: ${first?.status === "UNAVAILABLE" ? "check the server" : "mend what it names"}, then run again.`,
    );
  } else if (figures.requests === 0 && failure === undefined) {
    reasons.push("No request was made: lengthen --duration or raise --rate.");
  } else if (figures.unansweredAtEnd >= GONE_AFTER && failure === undefined) {
    reasons.push(
      `The last ${figures.unansweredAtEnd} requests found no server: it went away before the run's end; see its log.`,
    );
  }
  return reasons;
}

function answerReasons({
  answerCheck,
  answerAgreementPercent,
  answersAgainst = "the in-process reference",
  lossless,
}: JudgeContext): string[] {
  if (answerCheck !== "differs" || !lossless) return [];
  const found =
    answerAgreementPercent === undefined
      ? ""
      : ` (${Number(answerAgreementPercent.toFixed(4))} % of the classes agree)`;
  return [
    `The answers differ from ${answersAgainst}${found}: the transport, the model or the input was not the same; do not compare this row.`,
  ];
}

function instrumentReasons(figures: CellFigures, { openLoop }: JudgeContext): string[] {
  return [...(openLoop ? generatorReasons(figures) : []), ...arithmeticReasons(figures)];
}

/** Times or counts that contradict each other. */
export function arithmeticReasons(figures: CellFigures): readonly string[] {
  return [...stageReasons(figures), ...littleReasons(figures)];
}

function littleReasons({ littlesLaw, requests, dropped, windowSec }: CellFigures): string[] {
  if (littlesLaw === undefined || requests < FEWEST_REQUESTS.p99) return [];
  const { counted, countedHalfWidth, predicted, samples } = littlesLaw;
  const off = Math.abs(counted - predicted);
  if (off <= LITTLE_SHARE * predicted || off <= countedHalfWidth) return [];
  if ((off * windowSec * 1e3) / Math.max(1, requests - dropped) <= LITTLE_MS) return [];
  return [
    `Little's law does not hold: counted at ${samples} random times ${counted.toFixed(3)} ± ${countedHalfWidth.toFixed(3)} requests were in flight, rate × time in flight makes ${predicted.toFixed(3)}. Times or counts are wrong: free the machine of other load and run again, and report it if it stays so.`,
  ];
}

function trendReasons({ trend }: CellFigures, { openLoop, quick, rateVaries }: JudgeContext): string[] {
  if (quick || rateVaries === true || trend?.drifts !== true) return [];
  const what = openLoop ? "response" : "service";
  const moved = `${trend.change > 0 ? "rose" : "fell"} by ${Math.abs(100 * trend.change).toFixed(0)} %`;
  return [
    `The median ${what} time ${moved} over ${trend.runs > 1 ? "one of the runs" : "the run"} (p ${trend.p < 1e-4 ? "< 0.0001" : `= ${trend.p.toPrecision(2)}`}).`,
  ];
}

function stageReasons({ unaccountedMeanMs, stageServiceMeanMs }: CellFigures): string[] {
  if (unaccountedMeanMs === undefined || stageServiceMeanMs === undefined) return [];
  const rest = Math.abs(unaccountedMeanMs);
  if (rest <= UNACCOUNTED_MS || rest <= UNACCOUNTED_SHARE * stageServiceMeanMs) return [];
  return [
    `The stages leave ${unaccountedMeanMs.toFixed(3)} ms of a mean service time of ${stageServiceMeanMs.toFixed(3)} ms unaccounted (more than 5 %): free the machine of other load and run again.`,
  ];
}

function timeoutReasons({ timedOut, requests, timeoutMs }: CellFigures): string[] {
  if (timedOut === 0) return [];
  return [
    `${timedOut} of ${requests} requests timed out after ${timeoutMs} ms: lower the load or raise --timeout.`,
  ];
}

function overloadReasons(figures: CellFigures): string[] {
  const { requests, dropped, completed, inFlightAllowance, throughputPerSec, scheduledPerSec } = figures;
  const reasons: string[] = [];
  if (dropped > 0) {
    reasons.push(
      `${dropped} of ${requests} arrivals were dropped because --max-in-flight was reached: lower --rate to find what the system keeps up with.`,
    );
  }
  reasons.push(...timeoutReasons(figures));
  // Compared with the arrivals that were scheduled, since a Poisson schedule has not exactly its rate; less what is in
  // flight at the window's end in any system.
  if (completed + inFlightAllowance < KEPT_UP * requests && throughputPerSec !== undefined) {
    reasons.push(
      `Throughput was ${throughputPerSec.toFixed(1)} per second of ${(scheduledPerSec ?? 0).toFixed(1)} scheduled (less than 98 %): lower --rate to find what the system keeps up with.`,
    );
  }
  return reasons;
}

function failureNotes({ failed, requests, failures }: CellFigures): string[] {
  if (failed === 0) return [];
  const named = failures
    .filter(({ status }) => status !== "DEADLINE_EXCEEDED")
    .map(({ status, count, firstMessage }) => `${count} ${status}, first: ${firstMessage}`);
  return [`${failed} of ${requests} requests failed (${named.join("; ")}).`];
}

function stallNotes({ stalls, runs }: CellFigures): string[] {
  if (stalls === undefined) return [];
  const { count, longestMs, longestAtSec } = stalls;
  const where = `${longestMs.toFixed(0)} ms from ${longestAtSec.toFixed(1)} s on${runs > 1 ? " in its run" : ""}`;
  const found =
    count === 1
      ? `For ${where} no answer came although one was due`
      : `${count} times no answer came although one was due, the longest for ${where}`;
  return [`${found}: it is in all figures.`];
}
