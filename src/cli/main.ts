#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { BenchError, ConfigError, messageOf } from "../core/errors.ts";
import { bagsCommand } from "./bags.ts";
import { benchCommand } from "./bench.ts";
import { calibrateCommand } from "./calibrate.ts";
import { compareCommand } from "./compare.ts";
import { doctorCommand } from "./doctor.ts";
import { gateCommand } from "./gate.ts";
import { gpuSetupCommand } from "./gpu-setup.ts";
import { inferCommand } from "./infer.ts";
import { mergeCommand } from "./merge.ts";
import { modelsCommand } from "./models.ts";
import { peakCommand } from "./peak.ts";
import { serveCommand } from "./serve.ts";

/** Wrong usage, configuration or input: the exit code of every command for what is found before the work begins. */
const EXIT_USAGE = 2;
/** The same for commands whose 1 and 2 are verdicts (REGRESSED, INCONCLUSIVE): no failure of theirs may look like one. */
const EXIT_NO_VERDICT = 3;
const WITH_VERDICT: readonly string[] = ["compare", "gate"];

function build(): Command {
  return new Command("wirebench")
    .description("Benchmarks how camera frames travel to a neural net and answers back.")
    .addCommand(benchCommand())
    .addCommand(compareCommand())
    .addCommand(gateCommand())
    .addCommand(mergeCommand())
    .addCommand(peakCommand())
    .addCommand(calibrateCommand())
    .addCommand(serveCommand())
    .addCommand(modelsCommand())
    .addCommand(bagsCommand())
    .addCommand(inferCommand())
    .addCommand(doctorCommand())
    .addCommand(gpuSetupCommand())
    .showHelpAfterError("(add --help for the options)");
}

/** Each command of the tree throws instead of exiting, and writes its errors as one line. */
function configure(command: Command): Command {
  command
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "wirebench: ")) });
  command.showSuggestionAfterError(true);
  for (const child of command.commands) configure(child);
  return command;
}

function report(error: unknown, command: string): number {
  const code = exitCodeOf(error);
  return code !== 0 && WITH_VERDICT.includes(command) ? EXIT_NO_VERDICT : code;
}

/** Says what went wrong, in one line each. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  if (error instanceof ConfigError) {
    for (const { path, message } of error.problems) console.error(`wirebench: ${path}: ${message}`);
    return EXIT_USAGE;
  }
  console.error(`wirebench: ${messageOf(error)}`);
  if (!(error instanceof BenchError) && process.env["WIREBENCH_DEBUG"] !== undefined) console.error(error);
  return error instanceof BenchError ? EXIT_USAGE : 1;
}

// Whoever reads the output may stop (`| head`): the work goes on and its files are written.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

try {
  await configure(build()).parseAsync();
} catch (error) {
  process.exitCode = report(error, process.argv[2] ?? "");
}
