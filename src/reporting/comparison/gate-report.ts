import { comparePaired } from "./compare-sides.ts";
import type { ComparisonLimits } from "./comparison.ts";
import {
  COMPARISON_SCHEMA_VERSION,
  type ComparisonReport,
  comparisonExitCode,
  type GateRun,
  type SideFacts,
} from "./comparison-report.ts";
import type { SideRun } from "./side-runs.ts";

/** What a gate's report is made of. */
export interface GateReportParts
  extends Pick<ComparisonReport, "state" | "notes" | "benchArguments" | "seed"> {
  readonly startedAt: Date;
  readonly base: SideFacts;
  readonly head: SideFacts;
  /** Those that are over, in their order. */
  readonly runs: readonly GateRun[];
  readonly limits: ComparisonLimits;
}

/** Compares the runs that are there and puts the report together. */
export function gateReport({
  startedAt,
  base,
  head,
  limits,
  runs,
  state,
  ...rest
}: GateReportParts): ComparisonReport {
  const comparison = comparePaired({ base: sideOf("base", runs), head: sideOf("head", runs) }, limits);
  return {
    schemaVersion: COMPARISON_SCHEMA_VERSION,
    kind: "gate",
    state,
    startedAt: startedAt.toISOString(),
    finishedAt: state === "running" ? undefined : new Date().toISOString(),
    base: { name: base.name, description: base.description },
    head: { name: head.name, description: head.description },
    ...rest,
    outcome: comparison.outcome,
    exitCode: comparisonExitCode(comparison.outcome),
    comparison,
    runs,
  };
}

/** One side's runs by the number of their pair; a pair whose run is not there yet has no cells. */
export function sideOf(side: GateRun["side"], runs: readonly GateRun[]): readonly SideRun[] {
  const pairs = runs.reduce((most, { pair }) => Math.max(most, pair + 1), 0);
  return Array.from(
    { length: pairs },
    (_, pair) => runs.find((run) => run.side === side && run.pair === pair)?.run ?? { cells: {} },
  );
}
