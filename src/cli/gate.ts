import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { BenchError, messageOf } from "../core/errors.ts";
import { withoutCredentials } from "../core/without-credentials.ts";
import type { ComparisonLimits } from "../reporting/comparison/comparison.ts";
import type {
  ComparisonReport,
  ComparisonState,
  GateRun,
} from "../reporting/comparison/comparison-report.ts";
import { formatComparison } from "../reporting/comparison/format-comparison.ts";
import { gateReport } from "../reporting/comparison/gate-report.ts";
import { isNarrow } from "../reporting/comparison/is-narrow.ts";
import { sideRunsOf } from "../reporting/comparison/side-runs.ts";
import { writeComparison } from "../reporting/comparison/write-comparison.ts";
import { readReport } from "../reporting/read-report.ts";
import { createResultsFolder } from "../reporting/results-folder.ts";
import { lastCalibration } from "../scenarios/calibration/calibration-store.ts";
import { describeCalibration } from "../scenarios/calibration/describe-calibration.ts";
import { readEnvironment } from "../scenarios/environment.ts";
import { BuildFailure, Checkouts } from "../scenarios/gate/checkout.ts";
import { type PreparedSides, prepareSides } from "../scenarios/gate/prepare-sides.ts";
import { type GatePosition, runGate } from "../scenarios/gate/run-gate.ts";
import { addComparisonOptions, parseLimits } from "./comparison-options.ts";
import { addGateOptions, type GateOptions, parseGateOptions } from "./gate-options.ts";
import { type Interrupt, listenForInterrupt } from "./interrupt.ts";

const EXAMPLES = `
A side is a git ref (checked out beside the working tree and built), a folder with a built checkout, or the URL of a running server.
Both sides run by turns in blocks A B B A, each run a whole bench of one repetition in fresh processes, with the same options, the
same bench.config.ts, inputs and models (of the folder where gate is called) and, pair by pair, the same seed.
Exit codes: 0 OK, 1 REGRESSED, 2 INCONCLUSIVE, 3 wrong usage or a side that does not build or run, 130 interrupted (what was
measured is kept and printed).

Examples:
  $ npm run gate -- --base origin/main
  $ npm run gate -- --base v1.2.0 --transport http,grpc --model m1-small --duration 3s
  $ npm run gate -- --base HEAD~1 --model null --input synthetic --duration 2s --until-decided
  $ npm run gate -- --base ../main-built --head . --blocks 10 --tolerance p50=5%
  $ npm run gate -- --base grpc://10.0.0.7:8001 --head grpc://10.0.0.8:8001 --model m1-small`;

/** The checkout that this program belongs to. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** `gate`: measures base and head by turns in one job and says whether the head is slower. */
export function gateCommand(): Command {
  const command = new Command("gate")
    .description("Measure base and head by turns in one job and say whether the head is slower.")
    .addOption(new Option("--base <ref|dir|url>", "what the head is compared with (required)"))
    .addOption(new Option("--head <ref|dir|url>", "what is judged (default: this checkout as it is built)"));
  addComparisonOptions(command);
  return addGateOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (options: Readonly<Record<string, unknown>>) => {
      process.exitCode = await gate(options);
    });
}

/** @throws {BenchError} for everything that keeps the gate from a verdict. */
async function gate(options: Readonly<Record<string, unknown>>): Promise<number> {
  const limits = parseLimits(options);
  const asked = parseGateOptions(options);
  const { base, head } = options;
  if (typeof base !== "string") {
    throw new BenchError("ERR_USAGE", "--base is required: a git ref, a built checkout or a URL");
  }
  const say = (line: string): void => console.error(line);
  const interrupt = listenForInterrupt(() => say("ending; what was measured is kept"));
  const checkouts = new Checkouts(ROOT);
  const removeNow = (): void => checkouts.remove();
  process.once("exit", removeNow);
  try {
    const sides = await prepareSides(
      { base, head: typeof head === "string" ? head : undefined },
      { root: ROOT, cwd: process.cwd(), checkouts, signal: interrupt.signal, onProgress: say },
    );
    return await measure(sides, { asked, limits, interrupt, say });
  } catch (error) {
    const code = interrupt.exitCode();
    if (code !== undefined) return code;
    if (error instanceof BuildFailure) say(error.lines);
    throw error;
  } finally {
    process.off("exit", removeNow);
    checkouts.remove();
  }
}

interface Context {
  readonly asked: GateOptions;
  readonly limits: ComparisonLimits;
  readonly interrupt: Interrupt;
  readonly say: (line: string) => void;
}

async function measure(sides: PreparedSides, { asked, limits, interrupt, say }: Context): Promise<number> {
  const startedAt = new Date();
  const folder = await createResultsFolder(asked.out, startedAt, asked.name).catch((error: unknown) => {
    throw new BenchError("ERR_USAGE", `--out ${asked.out}: ${messageOf(error)}`, { cause: error });
  });
  const calibration = await lastCalibration(asked.out, readEnvironment());
  const runs: GateRun[] = [];
  const reportNow = (state: ComparisonState): ComparisonReport =>
    gateReport({
      state,
      startedAt,
      base: sides.base,
      head: sides.head,
      notes: [...sides.notes, describeCalibration(calibration)],
      runs,
      limits,
      benchArguments: asked.benchArguments.map(withoutCredentials),
      seed: asked.seed,
    });
  const finished = async (position: GatePosition, results: string, runStartedAt: string): Promise<void> => {
    const run = await readRun(results, position.side);
    runs.push({ ...position, startedAt: runStartedAt, folder: relative(folder, results), run });
    if (runs.length === 2) refuseStrangers(runs);
    await writeComparison(folder, reportNow("running"));
  };
  say(`base ${sides.base.name}: ${sides.base.description}`);
  say(`head ${sides.head.name}: ${sides.head.description}`);
  say(`seed ${asked.seed}; results in ${folder}`);
  let complete = false;
  try {
    await runGate(
      {
        base: sides.base,
        head: sides.head,
        args: asked.benchArguments,
        seed: asked.seed,
        blocks: asked.mostBlocks,
        out: `${folder}/runs`,
        calibration,
        cwd: process.cwd(),
      },
      {
        started: ({ block, position, side }) => {
          const of = asked.untilDecided ? `at most ${asked.mostBlocks}` : `${asked.mostBlocks}`;
          say(
            `block ${block} of ${of}, run ${position} of 4: ${side}${leftText(runs.length, 4 * asked.mostBlocks, startedAt)}`,
          );
        },
        finished,
        wantsMore: (block) =>
          block < asked.blocks || !asked.untilDecided || !isNarrow(reportNow("running").comparison),
      },
      interrupt.signal,
    );
    complete = true;
  } finally {
    // Whatever ended it: what was measured is kept, and shown if there is a pair.
    if (runs.length > 1) {
      const report = reportNow(complete ? "complete" : "interrupted");
      await writeComparison(folder, report);
      console.log(formatComparison(report));
    }
    console.log(folder);
  }
  return reportNow("complete").exitCode;
}

/** `, 12 min left`, with `--until-decided` at most; nothing before the first two runs are over. */
function leftText(done: number, of: number, startedAt: Date): string {
  if (done < 2) return "";
  const leftMs = ((Date.now() - startedAt.getTime()) / done) * (of - done);
  return leftMs < 90_000
    ? `, ${Math.ceil(leftMs / 1_000)} s left`
    : `, ${Math.ceil(leftMs / 60_000)} min left`;
}

/** @throws {BenchError} for a quick result. */
async function readRun(results: string, side: string): Promise<GateRun["run"]> {
  const report = await readReport(results);
  if (report.quick) {
    throw new BenchError("ERR_USAGE", `the ${side}'s configuration says quick, which measures nothing`);
  }
  return sideRunsOf(report)[0] ?? { cells: {} };
}

/** @throws {BenchError} ERR_USAGE when the first pair has no cell in common: the rest would be in vain. */
function refuseStrangers(runs: readonly GateRun[]): void {
  const [base, head] = (["base", "head"] as const).map((side) =>
    Object.keys(runs.find((run) => run.side === side)?.run.cells ?? {}),
  );
  if (base?.some((name) => head?.includes(name)) === true) return;
  throw new BenchError(
    "ERR_USAGE",
    `base and head have no cell in common: the base has ${base?.[0] ?? "none"}, the head ${head?.[0] ?? "none"}`,
  );
}
