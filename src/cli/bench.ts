import { basename } from "node:path";
import { Command, Option } from "commander";
import { benchSchema } from "../config/bench-schema.ts";
import { loadConfig } from "../config/load-config.ts";
import { resolveBench } from "../config/resolve-bench.ts";
import { validate } from "../config/validate.ts";
import { BenchError, ConfigError, messageOf } from "../core/errors.ts";
import { type CellResult, cellResult } from "../recording/cell-result.ts";
import { exitCodeOf } from "../reporting/exit-code.ts";
import { fairnessNotes } from "../reporting/fairness-notes.ts";
import { formatTable } from "../reporting/format-table.ts";
import { formatWaterfalls } from "../reporting/format-waterfall.ts";
import { type JsonValue, REPORT_SCHEMA_VERSION, type Report } from "../reporting/report.ts";
import { createRequestsWriter } from "../reporting/requests-writer.ts";
import { createResultsFolder } from "../reporting/results-folder.ts";
import { writeResults } from "../reporting/write-results.ts";
import { isRecorded } from "../scenarios/arrivals-label.ts";
import { type BenchPlan, planCells, prepareBench } from "../scenarios/bench-plan.ts";
import type { BenchSpec } from "../scenarios/bench-spec.ts";
import type { Calibration } from "../scenarios/calibration/calibration-result.ts";
import { lastCalibration } from "../scenarios/calibration/calibration-store.ts";
import { describeCalibration } from "../scenarios/calibration/describe-calibration.ts";
import { FRAME_SEED } from "../scenarios/cell-specs.ts";
import { readEnvironment } from "../scenarios/environment.ts";
import { TUNING_NOTES } from "../scenarios/process-tuning.ts";
import { type FinishedEvent, runBench } from "../scenarios/run-bench.ts";
import { judgeBasis } from "../scenarios/run-result.ts";
import { addBenchOptions, parseBenchOptions } from "./bench-options.ts";
import { createBenchProgress } from "./bench-progress.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { reportedConfiguration } from "./reported-configuration.ts";
import { createResultKeeper } from "./result-keeper.ts";

const EXAMPLES = `
Lists are separated by commas; an option replaces the configuration's list. Durations: 250ms, 10s, 2m.
Exit codes: 0 done, 1 a cell is INVALID or FAILED, 2 something is wrong before the first request, 130 interrupted.

Examples:
  $ npm run bench
  $ npm run bench -- --quick
  $ npm run bench -- --transport grpc,http --encoding binary,jpeg --input drive.bag --topic /camera/image_raw
  $ npm run bench -- --transport http --model null --input synthetic --scenario open-loop --rate 100,1000 --duration 10s
  $ npm run bench -- --input drive.bag --scenario open-loop --arrivals recording --speed 2 --when-busy newest-wins --max-in-flight 1
  $ npm run bench -- --scenario open-loop --rate 5 --vehicles 1,4,16 --connections shared
  $ npm run bench -- --scenario server --rate 4..12:4 --latency-bound 250ms --duration 100s
  $ npm run bench -- --transport mqtt,grpc --waterfall --save-requests
  $ npm run bench -- --url grpc://10.0.0.7:8001 --model m1-small --concurrency 1,4
  $ npm run bench -- --url http://triton:8000 --model resnet50 --shape input:1,3,224,224 --concurrency 1,4
  $ npm run bench -- --url grpc://triton:8001 --model segment --input drive.bag --recipe m1-small --reference segment.onnx

Comparing two results (npm run compare): 4 repetitions a side can flag nothing; 6 serve 2 rows (cells × percentiles), 7 serve 8,
8 serve 32, 9 serve 121. Measuring two versions by turns in one job (npm run gate) needs fewer.`;

/** `bench`: carries out a matrix of cells and writes the results. */
export function benchCommand(): Command {
  const command = new Command("bench")
    .description("Drive every transport across the matrix and write comparable CSV and JSON.")
    .addOption(new Option("--config <file>", "configuration (default: bench.config.ts)"))
    .addOption(new Option("--dry-run", "print the cells and run nothing"))
    .addOption(new Option("--waterfall", "print where the time of the mean request and of the slowest went"))
    .addOption(
      new Option(
        "--save-requests",
        "write every request to requests.csv.gz, and the first 500 of each run to trace.json (for Perfetto)",
      ),
    );
  return addBenchOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (options: Readonly<Record<string, unknown>>) => {
      const spec = await readSpec(options);
      process.exitCode = options["dryRun"] === true ? await dryRun(spec) : await bench(spec, output(options));
    });
}

/** @throws {ConfigError} with the problems of the file and of the command line together. */
async function readSpec(options: Readonly<Record<string, unknown>>): Promise<BenchSpec> {
  const line = parseBenchOptions(options);
  const config = options["config"];
  const loaded = await loadConfig(typeof config === "string" ? config : undefined);
  const file = validate(benchSchema, loaded.value);
  const inFile = (file.problems ?? []).map(({ path, message }) => ({
    path: `${basename(loaded.path)}: ${path}`,
    message,
  }));
  const problems = [...inFile, ...line.problems];
  if (problems.length > 0 || file.problems !== undefined) throw new ConfigError(problems);
  return resolveBench({ file: file.value, fileFolder: loaded.folder, line: line.settings });
}

async function dryRun(spec: BenchSpec): Promise<number> {
  const signal = new AbortController().signal;
  const { cells, skipped, notes } = await planCells(spec, {
    signal,
    onProgress: (line) => console.error(line),
  });
  for (const { name } of cells) console.log(name);
  for (const line of [...skipped, ...notes]) console.log(line);
  // A recording's own length is known to the generator alone.
  const isWhole = spec.wholeRecording && isRecorded(spec.arrivals);
  const lengthMs = isWhole ? undefined : spec.durationMs;
  const time =
    lengthMs === undefined
      ? ""
      : `, about ${Math.ceil((cells.length * spec.repetitions * (lengthMs + 2_000)) / 1_000)} s`;
  console.log(`${cells.length} cells × ${spec.repetitions} repetitions${time}`);
  return 0;
}

/** What is shown and kept beside the table and the report. */
interface Output {
  readonly waterfall: boolean;
  readonly saveRequests: boolean;
}

function output(options: Readonly<Record<string, unknown>>): Output {
  return { waterfall: options["waterfall"] === true, saveRequests: options["saveRequests"] === true };
}

async function bench(spec: BenchSpec, { waterfall, saveRequests }: Output): Promise<number> {
  const startedAt = new Date();
  const progress = createBenchProgress(process.stderr.isTTY === true);
  const interrupt = listenForInterrupt(() => progress.line("ending; what was measured is kept"));
  let plan: BenchPlan;
  try {
    plan = await prepareBench(spec, { signal: interrupt.signal, onProgress: progress.line });
  } catch (error) {
    const code = interrupt.exitCode();
    if (code !== undefined) return code;
    throw error;
  }
  for (const line of plan.skipped) progress.line(line);
  progress.line(`seed ${spec.seed} (the same schedules and order of runs again: --seed ${spec.seed})`);
  try {
    const folder = await createResultsFolder(spec.out, startedAt, spec.name).catch((error: unknown) => {
      throw new BenchError("ERR_USAGE", `--out ${spec.out}: ${messageOf(error)}`, { cause: error });
    });
    let requests = saveRequests ? createRequestsWriter(folder) : undefined;
    const calibration = await lastCalibration(spec.out, environment());
    const results = new Map<string, CellResult>();
    const reportNow = (state: Report["state"]): Report =>
      makeReport({
        plan,
        calibration,
        startedAt,
        state,
        cells: plan.cells.flatMap(({ name }) => results.get(name) ?? []),
      });
    const keeper = createResultKeeper<Report["state"]>(
      folder,
      (state) => writeResults(folder, reportNow(state)),
      progress.line,
    );
    const complete = await runBench(plan, interrupt.signal, async (event) => {
      progress.event(event);
      if (event.kind !== "finished") return;
      results.set(event.cell.name, withRun(event, results.get(event.cell.name), spec));
      await keeper.keep("running");
      const { cell, repetition, record, retrieveNs } = event;
      if (record === undefined) return;
      try {
        await requests?.write({ cell: cell.name, repetition: repetition + 1, record, retrieveNs });
      } catch (error) {
        // The figures are worth more than the requests: a full disk does not end the bench.
        requests = undefined;
        progress.line(`--save-requests: no more requests are saved: ${messageOf(error)}`);
      }
    });
    progress.stop();
    const state = complete ? "complete" : "interrupted";
    const report = reportNow(state);
    await keeper.keep(state);
    console.log(formatTable(report));
    if (waterfall) console.log(formatWaterfalls(report.cells));
    keeper.check();
    console.log(folder);
    return interrupt.exitCode() ?? exitCodeOf(report);
  } finally {
    progress.stop();
    await plan.dispose();
  }
}

/** A cell's result with one more run. */
function withRun(event: FinishedEvent, before: CellResult | undefined, spec: BenchSpec): CellResult {
  const { name, key } = event.cell;
  const facts = {
    name,
    key,
    executionProvider: before?.executionProvider || event.executionProvider,
    runs: [...(before?.runs ?? []), event.result],
  };
  return cellResult(facts, judgeBasis(spec, event.cell));
}

interface ReportParts {
  readonly plan: BenchPlan;
  readonly calibration: Calibration | undefined;
  readonly startedAt: Date;
  readonly state: Report["state"];
  readonly cells: readonly CellResult[];
}

function makeReport({ plan, calibration, startedAt, state, cells }: ReportParts): Report {
  const { spec, skipped, notes, weights } = plan;
  const seeded = Object.entries(weights).filter(([, kind]) => kind === "seeded");
  return {
    schemaVersion: REPORT_SCHEMA_VERSION,
    name: spec.name,
    state,
    startedAt: startedAt.toISOString(),
    finishedAt: state === "running" ? undefined : new Date().toISOString(),
    quick: spec.quick,
    plannedRuns: plan.cells.length * spec.repetitions,
    environment: { ...environment(), calibration: asJson(calibration) },
    configuration: reportedConfiguration(spec),
    seeds: { schedulesAndOrder: spec.seed, syntheticFrames: FRAME_SEED },
    skipped,
    notes: [
      ...notes,
      ...fairnessNotes(plan.cells.map(({ key }) => key)),
      describeCalibration(calibration),
      ...[...new Set(plan.cells.map(({ key }) => key.tuning))].flatMap((tuning) => TUNING_NOTES[tuning]),
      ...seeded.map(([name]) => `${name}: weights are seeded: its speed is real, its masks mean nothing`),
      ...(spec.repetitions % 2 === 1 && !spec.quick
        ? [
            `${spec.repetitions} repetitions: an even number runs as many in the one order of cells as in the other`,
          ]
        : []),
    ],
    cells,
  };
}

/** Plain data as it is; `null` where there is none, so that the report says so. */
function asJson(calibration: Calibration | undefined): JsonValue {
  return calibration === undefined ? null : (calibration as unknown as JsonValue);
}

let known: ReturnType<typeof readEnvironment> | undefined;
function environment(): ReturnType<typeof readEnvironment> {
  known ??= readEnvironment();
  return known;
}
