import type { CellKey } from "../core/cell.ts";
import type { AnswerCheck, Verdict } from "../core/verdict.ts";
import { type CellFigures, figuresOf } from "./figures.ts";
import type { GpuUsage } from "./gpu-usage.ts";
import { type JudgeContext, type Judgement, judge } from "./judge.ts";
import type { RunTally } from "./run-tally.ts";

/** What was sent before a warm-up, so that code is compiled. */
export interface RehearsalResult {
  /** Answered ones. */
  readonly requests: number;
  readonly durationMs: number;
}

/** What a warm-up did before a run's window began. */
export interface WarmUpResult {
  /** `auto`, `fixed` or `none`. */
  readonly rule: string;
  /** With `auto` only. */
  readonly rehearsal?: RehearsalResult | undefined;
  readonly durationMs: number;
  readonly requests: number;
  readonly failed: number;
  /** The rule was met; false: `auto` reached its longest time first. */
  readonly settled: boolean;
}

/** How the answers of a run compare with the in-process reference. */
export interface AnswerResult {
  readonly check: AnswerCheck;
  /** Of classes or bytes; absent where nothing was compared. */
  readonly agreementPercent?: number | undefined;
  /** Of the reference answers to all frames: with it two versions' answers are compared. */
  readonly digest?: string | undefined;
}

/** The `failure` of a run that the user broke off. */
export const INTERRUPTED = "interrupted";

/** One repetition of a cell: a row of `runs.csv`. Plain data. */
export interface RunResult {
  /** From 1. */
  readonly repetition: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** When its measurement window began, by the wall clock; absent when it failed before. ISO 8601, UTC. */
  readonly windowStartedAt?: string | undefined;
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  /** Why it could not go to its end. */
  readonly failure?: string | undefined;
  readonly answers: AnswerResult;
  readonly figures: CellFigures;
  /** What the figures are made of; merges with other runs'. */
  readonly tally: RunTally;
  readonly warmUp?: WarmUpResult | undefined;
  /** Of the GPU over the window; absent where none was sampled. */
  readonly gpu?: GpuUsage | undefined;
  /** Facts for the reader, e.g. whether a tuning took effect. */
  readonly notes: readonly string[];
}

/** One cell of the matrix with all its repetitions: a row of `summary.csv`. Plain data. */
export interface CellResult {
  readonly name: string;
  readonly key: CellKey;
  /** The execution provider that really ran the model, e.g. `CPUExecutionProvider`; empty where there is none. */
  readonly executionProvider: string;
  /** Whether server and generator share a clock. */
  readonly clock: "one" | "several";
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  readonly answers: AnswerResult;
  /** Repetitions that the figures pool. */
  readonly repetitions: number;
  readonly pooled: readonly number[];
  readonly figures: CellFigures;
  /** Medians (response for an open loop, else service) of the pooled repetitions, milliseconds: lowest and highest. */
  readonly spreadP50Ms?: { readonly lowest: number; readonly highest: number } | undefined;
  readonly runs: readonly RunResult[];
}

export interface RunFacts
  extends Pick<
    RunResult,
    "repetition" | "startedAt" | "windowStartedAt" | "failure" | "answers" | "warmUp" | "gpu" | "notes"
  > {
  readonly tally: RunTally;
}

export type JudgeBasis = Pick<
  JudgeContext,
  "quick" | "openLoop" | "rateVaries" | "answersAgainst" | "lossless" | "scenario" | "latencyBoundMs"
>;

/** Figures and verdict of one repetition. */
export function runResult(facts: RunFacts, basis: JudgeBasis): RunResult {
  const figures = figuresOf([facts.tally], basis);
  return { ...facts, figures, ...judge(figures, judgeContext(basis, facts.answers, facts.failure)) };
}

export interface CellFacts {
  readonly name: string;
  readonly key: CellKey;
  readonly executionProvider: string;
  /** In any order; at least one. */
  readonly runs: readonly RunResult[];
}

/**
 * Pools a cell's repetitions. INVALID and FAILED ones are left out; a cell that has no others shows its INVALID ones,
 * else its FAILED ones, under that verdict.
 */
export function cellResult({ name, key, executionProvider, runs }: CellFacts, basis: JudgeBasis): CellResult {
  const ordered = runs.toSorted((a, b) => a.repetition - b.repetition);
  const sound = ordered.filter(({ verdict }) => verdict !== "INVALID" && verdict !== "FAILED");
  const invalid = ordered.filter(({ verdict }) => verdict === "INVALID");
  const pool = sound.length > 0 ? sound : invalid.length > 0 ? invalid : ordered;
  const figures = figuresOf(
    pool.map(({ tally }) => tally),
    basis,
  );
  const answers = worstAnswers(pool);
  const { verdict, reasons } = pooledJudgement(pool, judge(figures, judgeContext(basis, answers)));
  const medians = pool.flatMap(
    (run) => (basis.openLoop ? run.figures.response : run.figures.service).p50Ms ?? [],
  );
  return {
    name,
    key,
    executionProvider,
    clock: figures.clock,
    verdict,
    reasons: [
      ...reasons,
      ...ordered
        .filter((run) => !pool.includes(run))
        .map(
          (run) => `Repetition ${run.repetition} is ${run.verdict} and not pooled: ${run.reasons.join(" ")}`,
        ),
    ],
    answers,
    repetitions: pool.length,
    pooled: pool.map(({ repetition }) => repetition),
    figures,
    spreadP50Ms:
      medians.length > 0 ? { lowest: Math.min(...medians), highest: Math.max(...medians) } : undefined,
    runs: ordered,
  };
}

/** The pool keeps the verdict that its runs were left in or let in for; between the sound ones, the figures decide. */
function pooledJudgement(pool: readonly RunResult[], judgement: Judgement): Judgement {
  const kept = pool.find(({ verdict }) => verdict === "INVALID" || verdict === "FAILED")?.verdict;
  if (kept === undefined) return judgement;
  const said = new Set(pool.map(({ reasons }) => reasons.join(" ")));
  if (said.size <= 1) return { verdict: kept, reasons: pool[0]?.reasons ?? [] };
  return {
    verdict: kept,
    reasons: pool.map(({ repetition, reasons }) => `Repetition ${repetition}: ${reasons.join(" ")}`),
  };
}

function worstAnswers(pool: readonly RunResult[]): AnswerResult {
  const order: readonly AnswerCheck[] = ["identical", "agrees", "unchecked", "differs"];
  const answers = pool.map((run) => run.answers);
  const worst = answers.reduce((a, b) => (order.indexOf(b.check) > order.indexOf(a.check) ? b : a));
  const percents = answers.flatMap(({ agreementPercent }) => agreementPercent ?? []);
  return percents.length > 0 ? { ...worst, agreementPercent: Math.min(...percents) } : worst;
}

function judgeContext(basis: JudgeBasis, answers: AnswerResult, failure?: string): JudgeContext {
  return {
    ...basis,
    failure,
    answerCheck: answers.check,
    answerAgreementPercent: answers.agreementPercent,
  };
}
