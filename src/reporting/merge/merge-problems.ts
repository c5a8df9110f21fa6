import { basename } from "node:path";
import { type CellKey, keyColumns } from "../../core/cell.ts";
import type { CellResult, RunResult } from "../../recording/cell-result.ts";
import { unlikeSettings, valueText } from "../comparison/likeness.ts";
import type { Report } from "../report.ts";

/** A report with the path that it was read from. */
export interface NamedReport {
  readonly path: string;
  readonly report: Report;
}

/** Why reports cannot be merged, a line each: which, and what is unlike. */
export interface MergeProblem {
  readonly path: string;
  readonly message: string;
}

/** Everything that forbids to merge; empty: nothing does. @param reports - at least two. */
export function mergeProblems(reports: readonly NamedReport[]): readonly MergeProblem[] {
  const [first, ...others] = reports;
  if (first === undefined) return [];
  const managed = reports.flatMap(({ path, report }) =>
    report.cells.some(({ key }) => key.target === "managed")
      ? [
          {
            path,
            message:
              "target managed: this bench started a server of its own; generators that load one server name it with --url",
          },
        ]
      : [],
  );
  if (managed.length > 0) return managed;
  return [
    ...reports.flatMap(({ path, report }) =>
      report.cells.length === 0 ? [{ path, message: "holds no finished run" }] : [],
    ),
    ...others.flatMap(({ path, report }) => [
      ...(report.quick === first.report.quick
        ? []
        : [{ path, message: `quick ${report.quick}, but ${first.path} has quick ${first.report.quick}` }]),
      ...unlikeLoads(first, { path, report }),
      ...unlikeCells(first, { path, report }),
      ...apartCells(first, { path, report }),
    ]),
  ];
}

/** Settings of files: each machine has its own copy, wherever it lies. */
const FILES = ["schedule", "reference"] as const;

/** What `compare` would call unlike, too: a figure of two deadlines or of two lengths is of neither. */
function unlikeLoads(first: NamedReport, other: NamedReport): readonly MergeProblem[] {
  const settings = ({ report: { configuration } }: NamedReport): Report["configuration"] => ({
    ...configuration,
    ...Object.fromEntries(
      FILES.flatMap((name) => {
        const file = configuration[name];
        return typeof file === "string" ? [[name, basename(file)]] : [];
      }),
    ),
    // The report's own field says it already.
    quick: undefined,
  });
  return unlikeSettings(settings(first), settings(other)).map(({ name, was, is }) => ({
    path: other.path,
    message: `${name} ${valueText(is)}, but ${first.path} has ${name} ${valueText(was)}`,
  }));
}

/** Cells of the one that the other has not, each with the key columns in which its nearest one differs. */
function unlikeCells(first: NamedReport, other: NamedReport): readonly MergeProblem[] {
  const missing = (from: NamedReport, of: NamedReport): readonly MergeProblem[] =>
    from.report.cells
      .filter(({ key }) => of.report.cells.every((cell) => differences(key, cell.key).length > 0))
      .flatMap(({ name, key }) => {
        const nearest = of.report.cells
          .map((cell) => differences(key, cell.key))
          .toSorted((a, b) => a.length - b.length)[0];
        if (nearest === undefined) return [];
        const unlike = nearest.map(
          ([column, mine, its]) => `${column} '${its}' where ${from.path} has '${mine}'`,
        );
        return [{ path: of.path, message: `no cell ${name}: ${unlike.join(", ")}` }];
      });
  const lines = missing(first, other);
  // The same difference seen from the other side says nothing new.
  return lines.length > 0 ? lines : missing(other, first);
}

function differences(a: CellKey, b: CellKey): readonly (readonly [column: string, a: string, b: string])[] {
  const other = keyColumns(b);
  return keyColumns(a).flatMap(([column, value], index) => {
    const its = other[index]?.[1] ?? "";
    return its === value ? [] : [[column, value, its] as const];
  });
}

/** Repetitions whose windows have no moment in common: they did not load the server together. */
function apartCells(first: NamedReport, other: NamedReport): readonly MergeProblem[] {
  return other.report.cells.flatMap((cell) => {
    const twin = first.report.cells.find(({ name }) => name === cell.name);
    return (twin?.runs ?? []).flatMap((run) => {
      const its = cell.runs.find(({ repetition }) => repetition === run.repetition);
      // One that failed before its window has no time to share, and is not pooled.
      if (its === undefined || hasNoWindow(run) || hasNoWindow(its) || sharedMs(run, its) > 0) return [];
      return [
        {
          path: other.path,
          message: `${cell.name}: repetition ${run.repetition} ran from ${startOf(its)}, in ${first.path} from ${startOf(run)}: not at the same time`,
        },
      ];
    });
  });
}

/** How long the windows of two runs overlap; the machines' wall clocks are taken to be right. */
export function sharedMs(a: RunResult, b: RunResult): number {
  const [startA, startB] = [Date.parse(startOf(a)), Date.parse(startOf(b))];
  const end = Math.min(startA + a.tally.windowNs / 1e6, startB + b.tally.windowNs / 1e6);
  return end - Math.max(startA, startB);
}

function hasNoWindow({ tally }: RunResult): boolean {
  return tally.windowNs === 0;
}

function startOf({ windowStartedAt, startedAt }: RunResult): string {
  return windowStartedAt ?? startedAt;
}

/** The twin of a cell in another report. */
export function twinOf(cell: CellResult, { report }: NamedReport): CellResult | undefined {
  return report.cells.find(({ name, key }) => name === cell.name && key.target === cell.key.target);
}
