import { realpath } from "node:fs/promises";
import { Command } from "commander";
import { BenchError, ConfigError, messageOf } from "../core/errors.ts";
import { exitCodeOf } from "../reporting/exit-code.ts";
import { formatTable } from "../reporting/format-table.ts";
import { mergeProblems, type NamedReport } from "../reporting/merge/merge-problems.ts";
import { mergeReports } from "../reporting/merge/merge-reports.ts";
import { readReport } from "../reporting/read-report.ts";
import type { JsonValue } from "../reporting/report.ts";
import { createResultsFolder } from "../reporting/results-folder.ts";
import { writeResults } from "../reporting/write-results.ts";
import { judgeBasisOfReport } from "../scenarios/run-result.ts";

interface MergeCommandOptions {
  readonly out: string;
  readonly name: string;
}

/** `merge`: one result of generators on several machines that loaded the same server at the same time. */
export function mergeCommand(): Command {
  return new Command("merge")
    .description(
      "Merge the results of generators on several machines that loaded one server at the same time.",
    )
    .argument("<dir...>", "results folders of benches with the same cells, one of each machine")
    .option("--out <dir>", "the merged folder is made inside it", "results")
    .option("--name <text>", "goes into the name of the merged folder", "merged")
    .addHelpText(
      "after",
      `
Counts and throughputs are added, histograms merged exactly, verdicts judged anew. A merged cell's rate, concurrency and
connections are those of all generators together. Start the benches at the same time, with the same options, against one
server (--url): unlike cells are refused, and so are settings that change what is measured (--duration, --timeout,
--deadline, --max-in-flight, --latency-bound and the others); --seed, --name, --out and --repetitions are free. The seed
decides schedules and the order of cells: for random arrivals give each machine its own, and run one cell at a time.
Exit codes: 0 done, 1 a cell is INVALID or FAILED, 2 the folders cannot be merged.

Example, on two machines at once, then on one of them:
  $ npm run bench -- --url grpc://10.0.0.7:8001 --model m1-small --scenario open-loop --rate 200 --seed 1
  $ npm run bench -- --url grpc://10.0.0.7:8001 --model m1-small --scenario open-loop --rate 200 --seed 2
  $ npm run merge -- results/20260314T091500Z-default other/20260314T091501Z-default --out results`,
    )
    .action(async (folders: readonly string[], options: MergeCommandOptions) => {
      process.exitCode = await merge(folders, options);
    });
}

async function merge(folders: readonly string[], { out, name }: MergeCommandOptions): Promise<number> {
  const reports = await readAll(folders);
  const problems = mergeProblems(reports);
  if (problems.length > 0) throw new ConfigError(problems);
  const report = mergeReports(reports, {
    name,
    basisOf: (key, quick, { cell, configuration }) =>
      judgeBasisOfReport(
        {
          quick,
          latencyBoundMs: numberOf(configuration["latencyBoundMs"]),
          reference: textOf(configuration["reference"]),
        },
        { key, runs: cell.runs },
      ),
  });
  if (report.cells.length === 0) {
    throw new BenchError("ERR_INPUT", "no repetition of any cell was finished by every generator");
  }
  const folder = await createResultsFolder(out, new Date(), name).catch((error: unknown) => {
    throw new BenchError("ERR_USAGE", `--out ${out}: ${messageOf(error)}`, { cause: error });
  });
  await writeResults(folder, report);
  console.log(formatTable(report));
  for (const note of report.notes) console.log(note);
  console.log(folder);
  return exitCodeOf(report);
}

/** @throws {BenchError} for fewer than two folders, one that is given twice, or one that holds no report. */
async function readAll(folders: readonly string[]): Promise<readonly NamedReport[]> {
  if (folders.length < 2) {
    throw new BenchError(
      "ERR_USAGE",
      `merge needs the folders of at least two generators, got ${folders.length}`,
    );
  }
  const reports: NamedReport[] = [];
  const seen = new Map<string, string>();
  for (const path of folders) {
    const report = await readReport(path);
    const real = await realpath(path);
    const twin = seen.get(real);
    if (twin !== undefined) throw new BenchError("ERR_USAGE", `${path} is given twice`);
    seen.set(real, path);
    reports.push({ path, report });
  }
  return reports;
}

function textOf(value: JsonValue): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOf(value: JsonValue): number | undefined {
  return typeof value === "number" ? value : undefined;
}
