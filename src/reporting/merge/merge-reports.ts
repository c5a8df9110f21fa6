import { isDeepStrictEqual } from "node:util";
import { type CellKey, cellName } from "../../core/cell.ts";
import {
  type AnswerResult,
  type CellResult,
  cellResult,
  type JudgeBasis,
  type RunResult,
  runResult,
} from "../../recording/cell-result.ts";
import { joinWarmUps } from "../../recording/join-warm-ups.ts";
import { mergeParallel } from "../../recording/merge-parallel.ts";
import { REPORT_SCHEMA_VERSION, type Report } from "../report.ts";
import { type NamedReport, sharedMs, twinOf } from "./merge-problems.ts";
import { mergedEnvironment } from "./merged-environment.ts";
import { mergedKey } from "./merged-key.ts";

export interface MergeOptions {
  readonly name: string;
  /**
   * What judging a cell starts from.
   * @param from - the cell of one of the reports, and the configuration that it was measured with.
   */
  basisOf(
    key: CellKey,
    quick: boolean,
    from: { readonly cell: CellResult; readonly configuration: Report["configuration"] },
  ): JudgeBasis;
}

/** Windows that share less of their length than this are named. */
const TOGETHER = 0.9;

/**
 * One report of what generators on several machines measured while they loaded the same server at the same time. Each repetition
 * is put together from the same repetition of every report and judged anew; one that not every report has is left out, and named.
 *
 * @param reports - at least two, without {@link mergeProblems}.
 */
export function mergeReports(reports: readonly NamedReport[], { name, basisOf }: MergeOptions): Report {
  const [first] = reports;
  if (first === undefined) throw new RangeError("expected at least one report");
  const all = reports.map(({ report }) => report);
  const notes: string[] = [];
  const cells = first.report.cells.flatMap((cell): readonly CellResult[] => {
    const twins = reports.flatMap((report) => twinOf(cell, report) ?? []);
    const key = mergedKey(cell.key, reports.length);
    const { quick, configuration } = first.report;
    const basis = basisOf(key, quick, { cell, configuration });
    const runs = mergeRuns(twins, { notes, reports: reports.length, basis });
    if (runs.length === 0) return [];
    const executionProvider = [...new Set(twins.map((twin) => twin.executionProvider))]
      .filter((provider) => provider !== "")
      .join(" ");
    return [cellResult({ name: cellName(key), key, executionProvider, runs }, basis)];
  });
  return {
    schemaVersion: REPORT_SCHEMA_VERSION,
    name,
    state: all.every(({ state }) => state === "complete") ? "complete" : "interrupted",
    startedAt: all.map(({ startedAt }) => startedAt).toSorted()[0] ?? first.report.startedAt,
    finishedAt: all
      .flatMap(({ finishedAt }) => finishedAt ?? [])
      .toSorted()
      .at(-1),
    quick: first.report.quick,
    plannedRuns: Math.max(...all.map(({ plannedRuns }) => plannedRuns)),
    environment: mergedEnvironment(all.map(({ environment }) => environment)),
    configuration: {
      ...sharedSettings(all.map(({ configuration }) => configuration)),
      mergedFrom: reports.map(({ path, report }) => ({
        path,
        hostname: report.environment["hostname"],
        configuration: report.configuration,
      })),
    },
    seeds: Object.fromEntries(
      all.flatMap(({ seeds }, index) =>
        Object.entries(seeds).map(([what, seed]) => [`${what} of generator ${index + 1}`, seed]),
      ),
    ),
    skipped: [...new Set(all.flatMap(({ skipped }) => skipped))],
    notes: [
      `merged from ${reports.length} generators that loaded one server at the same time: concurrency, rate and connections of a cell are those of all together`,
      ...notes,
      ...sameScheduleNote(all),
      ...new Set(all.flatMap((report) => report.notes)),
    ],
    cells,
  };
}

/** What every generator was told; a rate, a concurrency among it is that of each. */
function sharedSettings(all: readonly Report["configuration"][]): Report["configuration"] {
  const [first = {}, ...others] = all;
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) =>
      others.every((other) => isDeepStrictEqual(other[name], value)),
    ),
  );
}

/** Random arrivals of one seed come at the same moments everywhere. */
function sameScheduleNote(all: readonly Report[]): readonly string[] {
  const seeds = new Set(all.map((report) => report.seeds["schedulesAndOrder"]));
  const scheduled = all.some(({ cells }) => cells.some(({ key }) => key.arrivals !== undefined));
  if (!scheduled || seeds.size === all.length) return [];
  return [
    "generators with the same seed follow the same schedule: their arrivals came at the same moments; give each its own --seed",
  ];
}

interface RunsBasis {
  readonly notes: string[];
  readonly reports: number;
  readonly basis: JudgeBasis;
}

function mergeRuns(twins: readonly CellResult[], { notes, reports, basis }: RunsBasis): readonly RunResult[] {
  const name = twins[0]?.name ?? "";
  const repetitions = [...new Set(twins.flatMap(({ runs }) => runs.map(({ repetition }) => repetition)))];
  return repetitions
    .toSorted((a, b) => a - b)
    .flatMap((repetition) => {
      const parts = twins.flatMap(({ runs }) => runs.find((run) => run.repetition === repetition) ?? []);
      if (parts.length < reports) {
        notes.push(`${name}: repetition ${repetition} is left out: not every generator finished it`);
        return [];
      }
      const run = mergeRun(parts, basis);
      const shared = Math.min(...parts.map((part) => sharedMs(parts[0] ?? part, part)));
      if (shared < (TOGETHER * run.tally.windowNs) / 1e6) {
        notes.push(
          `${name}: the windows of repetition ${repetition} share ${(shared / 1e3).toFixed(1)} s of ${(run.tally.windowNs / 1e9).toFixed(1)} s: the load was not the same all the time`,
        );
      }
      return [run];
    });
}

function mergeRun(parts: readonly RunResult[], basis: JudgeBasis): RunResult {
  const earliest = (times: readonly string[]): string | undefined => times.toSorted()[0];
  const [first] = parts;
  if (first === undefined) throw new RangeError("expected at least one run");
  return runResult(
    {
      repetition: first.repetition,
      startedAt: earliest(parts.map(({ startedAt }) => startedAt)) ?? first.startedAt,
      windowStartedAt: earliest(parts.flatMap(({ windowStartedAt }) => windowStartedAt ?? [])),
      failure: parts.find(({ failure }) => failure !== undefined)?.failure,
      answers: worstAnswers(parts.map(({ answers }) => answers)),
      tally: mergeParallel(parts.map(({ tally }) => tally)),
      warmUp: joinWarmUps(parts.flatMap(({ warmUp }) => warmUp ?? [])),
      notes: [...new Set(parts.flatMap(({ notes }) => notes))],
    },
    basis,
  );
}

function worstAnswers(answers: readonly AnswerResult[]): AnswerResult {
  const order = ["identical", "agrees", "unchecked", "differs"] as const;
  const worst = answers.reduce((a, b) => (order.indexOf(b.check) > order.indexOf(a.check) ? b : a));
  const percents = answers.flatMap(({ agreementPercent }) => agreementPercent ?? []);
  return { ...worst, agreementPercent: percents.length > 0 ? Math.min(...percents) : undefined };
}
