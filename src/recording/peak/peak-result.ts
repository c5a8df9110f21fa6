import type { CellKey } from "../../core/cell.ts";
import type { Verdict } from "../../core/verdict.ts";
import type { CellResult, RunResult } from "../cell-result.ts";
import { FEWEST_REQUESTS } from "../duration-figures.ts";
import type { CellFigures } from "../figures.ts";
import type { RateAssessment } from "./assess-rate.ts";

/** `search`: a probe of the search; `curve`: one that only fills the curve; `confirmation`: the full run. */
export const POINT_KINDS = ["search", "curve", "confirmation"] as const;
export type PointKind = (typeof POINT_KINDS)[number];

/** What one rate gave: a row of `peak.csv`. Plain data. */
export interface PeakPoint extends RateAssessment {
  readonly kind: PointKind;
  /** What was asked for; of each vehicle, as in the key. The throughput and goodput below are of all together. */
  readonly ratePerSec: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Length of the window; of all windows of a confirmation. */
  readonly windowSec: number;
  readonly verdict: Verdict;
  /** Repetitions of a confirmation that are pooled here, and those that held by themselves; 1 for a probe. */
  readonly runs: number;
  readonly runsHeld: number;
  readonly requests: number;
  readonly ok: number;
  readonly failed: number;
  readonly timedOut: number;
  readonly dropped: number;
  readonly throughputPerSec?: number | undefined;
  readonly goodputPerSec?: number | undefined;
  /** Response time from the schedule, all requests; absent where anything is unanswered. */
  readonly meanMs?: number | undefined;
  readonly p50Ms?: number | undefined;
  /** Absent with fewer requests than the percentile needs, and where it is censored. */
  readonly p99Ms?: number | undefined;
  /** p99 lies among the requests that were not answered: above this. */
  readonly p99AboveMs?: number | undefined;
  /** As in a bench's figures: which of p50 and p99 are above the timeout, `response_p99>30000`. */
  readonly censored: readonly string[];
  readonly clientCpuMsPerRequest?: number | undefined;
  readonly serverCpuMsPerRequest?: number | undefined;
  readonly brokerCpuMsPerRequest?: number | undefined;
}

/**
 * `confirmed`: the rate held in a full run; `unconfirmed`: only in probes; `none`: no rate held; `failed`: the cell could not be
 * searched, or the instrument was at fault at every rate; `interrupted`: the user ended it.
 */
export type PeakState = "confirmed" | "unconfirmed" | "none" | "failed" | "interrupted" | "searching";

/** Where the throughput per unit of response time is largest. */
export interface Knee {
  /** Of each vehicle; the throughput is of all together. */
  readonly ratePerSec: number;
  readonly throughputPerSec: number;
  readonly meanMs: number;
  /** Kleinrock's power: throughput ÷ mean response time, per second per millisecond. */
  readonly power: number;
}

/** The search in one cell: one transport, encoding, model and so on. Plain data. */
export interface PeakCell {
  /** The stable name of the cell without its rate. */
  readonly name: string;
  /** Without a rate. */
  readonly key: CellKey;
  readonly executionProvider: string;
  readonly state: PeakState;
  /** The highest rate that held; requests per second, of each vehicle where there are vehicles. */
  readonly peakPerSec?: number | undefined;
  /** From a rate that certainly held to the lowest one above that did not, as the peak; no `high`: none failed. */
  readonly intervalPerSec?: { readonly low: number; readonly high?: number | undefined } | undefined;
  /** What stops at the next rate: the first cause of the lowest miss above the peak. */
  readonly limitedBy?: RateAssessment["cause"];
  readonly knee?: Knee | undefined;
  /** What a reader should know, whole sentences. */
  readonly notes: readonly string[];
  /** Throughput of the short closed loop from which the search started. */
  readonly estimatePerSec?: number | undefined;
  /** In the order in which they were made. */
  readonly points: readonly PeakPoint[];
  /** The full run at the peak, as `bench` reports a cell. */
  readonly confirmation?: CellResult | undefined;
}

/** `840 per second`; of each vehicle where there are vehicles, as `--rate`. */
export function rateText(ratePerSec: number | undefined, { vehicles }: Pick<CellKey, "vehicles">): string {
  return `${ratePerSec} per second${vehicles === undefined ? "" : " and vehicle"}`;
}

/** Its reasons inside a sentence: without the full stops. */
export function reasonsText({ reasons }: Pick<PeakPoint, "reasons">): string {
  return reasons.map((reason) => reason.replace(/\.$/, "")).join("; ");
}

/** The same in few words: of a run that the instrument spoiled only that, and what it found even so. */
export function shortReasons(point: Pick<PeakPoint, "cause" | "reasons" | "terms">): string {
  const { cause, terms } = point;
  if (cause !== "generator" && cause !== "instrument") return reasonsText(point);
  return `INVALID (the ${cause} was at fault), with that ${terms.map(({ text }) => text).join("; ")}`;
}

/** The row of a probe. */
export function probePoint(
  kind: PointKind,
  ratePerSec: number,
  { run, assessment }: { readonly run: RunResult; readonly assessment: RateAssessment },
): PeakPoint {
  return {
    ...assessment,
    kind,
    ratePerSec,
    startedAt: run.startedAt,
    verdict: run.verdict,
    runs: 1,
    runsHeld: assessment.held ? 1 : 0,
    ...pointFigures(run.figures),
  };
}

/** The row of a full run; `runs` are the pooled repetitions' own assessments. */
export function confirmationPoint(
  ratePerSec: number,
  {
    cell,
    assessment,
    runs,
  }: {
    readonly cell: CellResult;
    readonly assessment: RateAssessment;
    readonly runs: readonly RateAssessment[];
  },
): PeakPoint {
  return {
    ...assessment,
    kind: "confirmation",
    ratePerSec,
    startedAt: cell.runs[0]?.startedAt ?? "",
    verdict: cell.verdict,
    runs: runs.length,
    runsHeld: runs.filter(({ held }) => held).length,
    ...pointFigures(cell.figures),
  };
}

function pointFigures(figures: CellFigures) {
  const { requests, ok, failed, timedOut, dropped, throughputPerSec, goodputPerSec, windowSec } = figures;
  const { response, costs } = figures;
  const censored = response.censored.includes("p99") && requests >= FEWEST_REQUESTS.p99;
  return {
    windowSec,
    requests,
    ok,
    failed,
    timedOut,
    dropped,
    throughputPerSec,
    goodputPerSec,
    meanMs: response.meanMs,
    p50Ms: response.p50Ms,
    p99Ms: response.p99Ms,
    p99AboveMs: censored ? figures.timeoutMs : undefined,
    censored: figures.censored.filter((figure) => /^response_p(50|99)>/.test(figure)),
    clientCpuMsPerRequest: costs.client?.cpuMsPerRequest,
    serverCpuMsPerRequest: costs.server?.cpuMsPerRequest,
    brokerCpuMsPerRequest: costs.broker?.cpuMsPerRequest,
  };
}
