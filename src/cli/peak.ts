import { basename } from "node:path";
import { Command, Option } from "commander";
import { benchSchema } from "../config/bench-schema.ts";
import { loadConfig } from "../config/load-config.ts";
import { peakSchema } from "../config/peak-schema.ts";
import { NOT_FOR_PEAK, resolvePeak } from "../config/resolve-peak.ts";
import { validate } from "../config/validate.ts";
import { BenchError, ConfigError, messageOf } from "../core/errors.ts";
import { type PeakCell, shortReasons } from "../recording/peak/peak-result.ts";
import { fairnessNotes } from "../reporting/fairness-notes.ts";
import { splitKeys } from "../reporting/key-columns.ts";
import { formatPeak } from "../reporting/peak/format-peak.ts";
import { PEAK_SCHEMA_VERSION, type PeakReport } from "../reporting/peak/peak-report.ts";
import { peakExitCode, writePeak } from "../reporting/peak/write-peak.ts";
import type { JsonValue } from "../reporting/report.ts";
import { createResultsFolder } from "../reporting/results-folder.ts";
import { type BenchPlan, planCells, prepareBench } from "../scenarios/bench-plan.ts";
import { lastCalibration } from "../scenarios/calibration/calibration-store.ts";
import { FRAME_SEED } from "../scenarios/cell-specs.ts";
import { readEnvironment } from "../scenarios/environment.ts";
import type { PeakSpec } from "../scenarios/peak/peak-spec.ts";
import { type PeakEvent, peakName, runPeak } from "../scenarios/peak/run-peak.ts";
import { TUNING_NOTES } from "../scenarios/process-tuning.ts";
import { addBenchOptions, parseBenchOptions } from "./bench-options.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { reportedConfiguration } from "./reported-configuration.ts";
import { createResultKeeper } from "./result-keeper.ts";

const EXAMPLES = `
The objective: p50=…, p90=…, p99=50ms, p99.9=… (response time from the schedule, at most), error-rate<1% (failed, timed out
and dropped; none is allowed unless it says so), goodput>99% (answers within --deadline); several are joined by commas.
Per cell: the rate is doubled until a short probe misses it, bisected to --resolution, and confirmed by a full run
(--repetitions runs of --duration, default 4 × 10 s); then a few more probes fill the curve. Every run has new processes.
Exit codes: 0 every cell has a confirmed peak, 1 one has not, 2 something is wrong before the first request, 130 interrupted
(the curve measured so far is kept).

Examples:
  $ npm run peak -- --slo p99=50ms --transport http,grpc,mqtt --encoding binary --model null --input synthetic
  $ npm run peak -- --slo p99=250ms,error-rate'<'1% --model m1-small --resolution 10% --probe-duration 10s
  $ npm run peak -- --slo goodput=99% --deadline 100ms --transport grpc --start-rate 200
  $ npm run peak -- --slo p50=5ms --url grpc://10.0.0.7:8001 --model m1-small --max-probes 20`;

/** `peak`: the highest rate of each cell that holds an objective. */
export function peakCommand(): Command {
  const command = new Command("peak")
    .description(
      "Find the highest rate that holds an objective, for every transport, with the curve that leads there.",
    )
    .addOption(new Option("--slo <objective>", "what a rate must hold, such as p99=50ms (required)"))
    .addOption(
      new Option("--resolution <share>", "the search ends when held and missed are so near (default 5%)"),
    )
    .addOption(new Option("--max-probes <n>", "probes of a cell's search at most (default 12)"))
    .addOption(
      new Option(
        "--probe-duration <duration>",
        "length of a probe (default 3s; up to four times it at low rates)",
      ),
    )
    .addOption(
      new Option("--start-rate <rate>", "where to begin (default: half of what a short closed loop gives)"),
    )
    .addOption(new Option("--no-curve", "no further probes around the peak"))
    .addOption(new Option("--config <file>", "configuration (default: bench.config.ts)"))
    .addOption(new Option("--dry-run", "print the cells and run nothing"));
  addBenchOptions(command);
  for (const option of command.options) {
    const name = option.attributeName();
    if (name === "scenario" || Object.hasOwn(NOT_FOR_PEAK, name)) option.hideHelp();
    if (name === "arrivals") option.description = "poisson (default), constant, uniform, burst";
  }
  return command.addHelpText("after", EXAMPLES).action(async (options: Readonly<Record<string, unknown>>) => {
    const spec = await readSpec(options);
    process.exitCode = options["dryRun"] === true ? await dryRun(spec) : await peak(spec);
  });
}

/** @throws {ConfigError} with the problems of the file and of the command line together. */
async function readSpec(options: Readonly<Record<string, unknown>>): Promise<PeakSpec> {
  const line = parseBenchOptions(options);
  const own = validate(
    peakSchema,
    Object.fromEntries(Object.keys(peakSchema.shape).map((key) => [key, options[key]])),
    ([key]) => `--${String(key).replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  );
  const config = options["config"];
  const loaded = await loadConfig(typeof config === "string" ? config : undefined);
  const file = validate(benchSchema, loaded.value);
  const inFile = (file.problems ?? []).map(({ path, message }) => ({
    path: `${basename(loaded.path)}: ${path}`,
    message,
  }));
  const problems = [...inFile, ...line.problems, ...(own.problems ?? [])];
  if (problems.length > 0 || file.problems !== undefined || own.problems !== undefined) {
    throw new ConfigError(problems);
  }
  const slo = options["slo"];
  const spec = resolvePeak({
    file: file.value,
    fileFolder: loaded.folder,
    line: line.settings,
    peak: own.value,
    slo: typeof slo === "string" ? slo : undefined,
  });
  return { ...spec, curve: options["curve"] !== false };
}

async function dryRun(spec: PeakSpec): Promise<number> {
  const signal = new AbortController().signal;
  const { cells, skipped, notes } = await planCells(spec.bench, {
    signal,
    onProgress: (line) => console.error(line),
  });
  for (const cell of cells) console.log(peakName(cell));
  for (const line of [...skipped, ...notes]) console.log(line);
  console.log(planned(spec, cells.length));
  return 0;
}

function planned({ bench, maxProbes, probeDurationMs, objective }: PeakSpec, cells: number): string {
  const length =
    bench.durationMs === undefined ? `${bench.requests} requests` : `${bench.durationMs / 1_000} s`;
  return (
    `${cells} ${cells === 1 ? "cell" : "cells"}, each up to ${maxProbes} probes of ${probeDurationMs / 1_000} s ` +
    `and full runs of ${bench.repetitions} × ${length}; objective ${objective.text}`
  );
}

async function peak(spec: PeakSpec): Promise<number> {
  const startedAt = new Date();
  const { bench } = spec;
  const say = (text: string): void => console.error(text);
  const interrupt = listenForInterrupt(() => say("ending; what was measured is kept"));
  let plan: BenchPlan;
  try {
    plan = await prepareBench(bench, { signal: interrupt.signal, onProgress: say });
  } catch (error) {
    const code = interrupt.exitCode();
    if (code !== undefined) return code;
    throw error;
  }
  try {
    const folder = await createResultsFolder(bench.out, startedAt, bench.name).catch((error: unknown) => {
      throw new BenchError("ERR_USAGE", `--out ${bench.out}: ${messageOf(error)}`, { cause: error });
    });
    for (const line of plan.skipped) say(line);
    say(planned(spec, plan.cells.length));
    say(`seed ${bench.seed} (the same schedules and order of cells again: --seed ${bench.seed})`);
    const machine = readEnvironment();
    const calibration = await lastCalibration(bench.out, machine);
    const results = new Map<string, PeakCell>();
    const labels = labelsOf(plan.cells);
    const reportNow = (state: PeakReport["state"]): PeakReport => ({
      ...frame(plan, spec, startedAt),
      environment: { ...machine, calibration: (calibration ?? null) as unknown as JsonValue },
      state,
      finishedAt: state === "running" ? undefined : new Date().toISOString(),
      cells: plan.cells.flatMap((cell) => results.get(peakName(cell)) ?? []),
    });
    const keeper = createResultKeeper<PeakReport["state"]>(
      folder,
      (state) => writePeak(folder, reportNow(state)),
      say,
    );
    const complete = await runPeak(plan, spec, {
      signal: interrupt.signal,
      onEvent: async (event) => {
        const line = progressLine(event);
        if (line !== undefined) say(`${labels.get(event.cell) ?? event.cell}: ${line}`);
        if (event.kind !== "cell") return;
        results.set(event.result.name, event.result);
        await keeper.keep("running");
      },
    });
    const state = complete ? "complete" : "interrupted";
    const report = reportNow(state);
    await keeper.keep(state);
    console.log(formatPeak(report));
    keeper.check();
    console.log(folder);
    return interrupt.exitCode() ?? peakExitCode(report);
  } finally {
    await plan.dispose();
  }
}

/** What tells the cells from each other, by their names. */
function labelsOf(cells: BenchPlan["cells"]): ReadonlyMap<string, string> {
  const { columns } = splitKeys(cells.map(({ key }) => key));
  return new Map(
    cells.map((cell, row) => [peakName(cell), columns.flatMap(({ values }) => values[row] || []).join(" ")]),
  );
}

function progressLine(event: PeakEvent): string | undefined {
  switch (event.kind) {
    case "line":
      return event.text;
    case "point": {
      const { ratePerSec, held } = event.point;
      return `${ratePerSec} per second ${held ? "held" : "missed"}: ${shortReasons(event.point)}`;
    }
    case "cell":
      return undefined;
  }
}

/** All of a report that does not change while it is measured. */
function frame(
  { spec, skipped, notes, weights, cells }: BenchPlan,
  { objective, bench: _, ...search }: PeakSpec,
  startedAt: Date,
): Omit<PeakReport, "state" | "finishedAt" | "cells" | "environment"> {
  const seeded = Object.entries(weights).filter(([, kind]) => kind === "seeded");
  return {
    schemaVersion: PEAK_SCHEMA_VERSION,
    kind: "peak",
    name: spec.name,
    startedAt: startedAt.toISOString(),
    objective: objective.text,
    search: { ...search },
    plannedCells: cells.length,
    configuration: reportedConfiguration(spec),
    seeds: { schedulesAndOrder: spec.seed, syntheticFrames: FRAME_SEED },
    skipped,
    notes: [
      ...notes,
      ...fairnessNotes(cells.map(({ key }) => key)),
      ...[...new Set(cells.map(({ key }) => key.tuning))].flatMap((tuning) => TUNING_NOTES[tuning]),
      ...seeded.map(([name]) => `${name}: weights are seeded: its speed is real, its masks mean nothing`),
    ],
  };
}
