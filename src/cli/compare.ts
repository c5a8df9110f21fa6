import { realpath } from "node:fs/promises";
import { Command, Option } from "commander";
import { BenchError, messageOf } from "../core/errors.ts";
import { compareUnpaired } from "../reporting/comparison/compare-sides.ts";
import {
  COMPARISON_SCHEMA_VERSION,
  type ComparisonReport,
  comparisonExitCode,
} from "../reporting/comparison/comparison-report.ts";
import { formatComparison } from "../reporting/comparison/format-comparison.ts";
import { type NamedReport, unlikeness, versionNotes } from "../reporting/comparison/likeness.ts";
import { sideRunsOf } from "../reporting/comparison/side-runs.ts";
import { writeComparison } from "../reporting/comparison/write-comparison.ts";
import { readReport } from "../reporting/read-report.ts";
import { addComparisonOptions, parseLimits } from "./comparison-options.ts";

const EXAMPLES = `
Cells are matched by their name; their repetitions are compared by the Mann–Whitney U test. With 4 repetitions a side nothing can be
flagged: 6 a side serve 2 rows (cells × percentiles), 7 serve 8, 8 serve 32, 9 serve 121. A gate that measures both sides in one job
needs fewer and cannot mistake a change of the machine for one of the code: npm run gate.
Exit codes: 0 OK, 1 REGRESSED, 2 INCONCLUSIVE, 3 wrong usage (unlike machines or configurations, no cell in common).

Examples:
  $ npm run compare -- results/20260314T091500Z-main results/20260314T093000Z-branch
  $ npm run compare -- --base results/*-main --head results/*-branch --out comparison
  $ npm run compare -- old new --threshold 3% --tolerance p50=5%,p99=15%`;

interface Folders {
  readonly base: readonly string[];
  readonly head: readonly string[];
}

/** `compare`: a verdict from two results. */
export function compareCommand(): Command {
  const command = new Command("compare")
    .description("Compare two results and say whether the head is slower than the base.")
    .argument("[base]", "results folder or report.json of the base")
    .argument("[head]", "the same of the head")
    .addOption(new Option("--base <dir...>", "several results of the base, instead of the arguments"))
    .addOption(new Option("--head <dir...>", "several results of the head"))
    .addOption(
      new Option("--allow-different-environment", "compare results of unlike machines or configurations"),
    )
    .addOption(
      new Option("--out <dir>", "also write comparison.txt, comparison.md and comparison.json there"),
    );
  return addComparisonOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(
      async (
        base: string | undefined,
        head: string | undefined,
        options: Readonly<Record<string, unknown>>,
      ) => {
        process.exitCode = await compare(foldersOf(base, head, options), options);
      },
    );
}

/** @throws {BenchError} ERR_USAGE unless there is something on both sides, named in one way. */
function foldersOf(
  base: string | undefined,
  head: string | undefined,
  options: Readonly<Record<string, unknown>>,
): Folders {
  const listed = (name: "base" | "head"): readonly string[] =>
    Array.isArray(options[name]) ? options[name].map(String) : [];
  const [bases, heads] = [listed("base"), listed("head")];
  if (base !== undefined && head !== undefined && bases.length === 0 && heads.length === 0) {
    return { base: [base], head: [head] };
  }
  if (base === undefined && bases.length > 0 && heads.length > 0) return { base: bases, head: heads };
  throw new BenchError(
    "ERR_USAGE",
    "expected two results, either as BASE HEAD or as --base DIR... --head DIR...",
  );
}

async function compare(folders: Folders, options: Readonly<Record<string, unknown>>): Promise<number> {
  const startedAt = new Date().toISOString();
  const limits = parseLimits(options);
  await refuseRepeated([...folders.base, ...folders.head]);
  const base = await readAll(folders.base);
  const head = await readAll(folders.head);
  const notes = likenessNotes(base, head, options["allowDifferentEnvironment"] === true);
  const comparison = compareUnpaired(
    {
      base: base.flatMap(({ report }) => sideRunsOf(report)),
      head: head.flatMap(({ report }) => sideRunsOf(report)),
    },
    limits,
  );
  const result: ComparisonReport = {
    schemaVersion: COMPARISON_SCHEMA_VERSION,
    kind: "compare",
    state: "complete",
    startedAt,
    finishedAt: new Date().toISOString(),
    base: { name: folders.base.join(" "), description: describe(base) },
    head: { name: folders.head.join(" "), description: describe(head) },
    notes,
    outcome: comparison.outcome,
    exitCode: comparisonExitCode(comparison.outcome),
    comparison,
  };
  console.log(formatComparison(result));
  const { out } = options;
  if (typeof out === "string") {
    await writeComparison(out, result).catch((error: unknown) => {
      throw new BenchError("ERR_USAGE", `--out ${out}: ${messageOf(error)}`, { cause: error });
    });
  }
  return result.exitCode;
}

/** The same repetitions twice would look like more of them. */
async function refuseRepeated(paths: readonly string[]): Promise<void> {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const real = await realpath(path).catch(() => path);
    const file = real.replace(/\/report\.json$/, "");
    const first = seen.get(file);
    if (first !== undefined) {
      throw new BenchError("ERR_USAGE", `${path}: this result is there twice (also as ${first})`);
    }
    seen.set(file, path);
  }
}

/** @throws {BenchError} also for a quick result and for one without any run. */
async function readAll(paths: readonly string[]): Promise<readonly NamedReport[]> {
  const reports = await Promise.all(paths.map(async (path) => ({ path, report: await readReport(path) })));
  for (const { path, report } of reports) {
    if (report.quick) {
      throw new BenchError(
        "ERR_USAGE",
        `${path}: made with --quick, which shows that it works and measures nothing`,
      );
    }
    if (!report.cells.some(({ runs }) => runs.length > 0)) {
      throw new BenchError("ERR_USAGE", `${path}: holds no run`);
    }
  }
  return reports;
}

/**
 * What the reader must know about the two sides.
 * @throws {BenchError} ERR_USAGE for unlike results unless allowed, and for sides without a cell in common.
 */
function likenessNotes(
  base: readonly NamedReport[],
  head: readonly NamedReport[],
  allowed: boolean,
): readonly string[] {
  const [first, ...others] = base;
  const firstHead = head[0];
  if (first === undefined || firstHead === undefined) return [];
  const unlike = [...others, ...head].flatMap((other) => unlikeness(first, other));
  if (unlike.length > 0 && !allowed) {
    throw new BenchError(
      "ERR_USAGE",
      `the results are of unlike machines or configurations (--allow-different-environment compares them all the same): ${unlike.join("; ")}`,
    );
  }
  const names = (side: readonly NamedReport[]): ReadonlySet<string> =>
    new Set(side.flatMap(({ report }) => report.cells.map(({ name }) => name)));
  const [before, after] = [names(base), names(head)];
  if (![...before].some((name) => after.has(name))) {
    throw new BenchError(
      "ERR_USAGE",
      `the two sides have no cell in common: the base has ${[...before][0]} and ${before.size - 1} more, the head ${[...after][0]} and ${after.size - 1} more`,
    );
  }
  return [
    ...versionNotes(first, firstHead),
    ...unlike.map((line) => `unlike: ${line}`),
    ...[...base, ...head]
      .filter(({ report }) => report.state !== "complete")
      .map(({ path }) => `${path} is partial.`),
    "The two results were measured one after the other: what the machine did differently meanwhile is in the change. npm run gate measures both sides by turns.",
  ];
}

function describe(side: readonly NamedReport[]): string {
  const runs = side.reduce((sum, { report }) => sum + sideRunsOf(report).length, 0);
  return `${runs} repetitions of ${side.length === 1 ? "one result" : `${side.length} results`}`;
}
