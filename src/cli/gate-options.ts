import { randomInt } from "node:crypto";
import { resolve } from "node:path";
import { Command, Option } from "commander";
import { ConfigError, type ConfigProblem } from "../core/errors.ts";
import { addBenchOptions, parseBenchOptions } from "./bench-options.ts";

/** What `gate` was asked for, beside its sides and limits. */
export interface GateOptions {
  /** Blocks that are made, or with `untilDecided` at least. */
  readonly blocks: number;
  readonly mostBlocks: number;
  readonly untilDecided: boolean;
  readonly seed: number;
  readonly name: string;
  /** The gate's folder is made inside it. */
  readonly out: string;
  /** Options for every `bench`, as they were given. */
  readonly benchArguments: readonly string[];
}

const DEFAULT_BLOCKS = 5;
const DEFAULT_MOST_BLOCKS = 20;

/** Options of `bench` that the gate sets itself or takes for itself, with the reason where they are refused. */
const OWN: Readonly<Record<string, string | undefined>> = {
  out: undefined,
  name: undefined,
  seed: undefined,
  repetitions: "every run of a gate is one repetition; --blocks says how many there are",
  quick: "a quick run measures nothing that could be compared; shorten the runs with --duration",
  url: "the sides are named by --base and --head, which may be URLs",
};

/** Adds the gate's own options and every option of `bench` that describes cells or load. */
export function addGateOptions(command: Command): Command {
  command
    .addOption(
      new Option("--blocks <n>", `blocks of four runs, base head head base (default ${DEFAULT_BLOCKS})`),
    )
    .addOption(
      new Option("--until-decided", "go on until the intervals are narrow, whatever they say").conflicts(
        "blocks",
      ),
    )
    .addOption(
      new Option("--max-blocks <n>", `at most, with --until-decided (default ${DEFAULT_MOST_BLOCKS})`),
    )
    .addOption(new Option("--config <file>", "configuration of both sides (default: bench.config.ts here)"));
  addBenchOptions(command);
  for (const option of command.options) if (OWN[option.attributeName()] !== undefined) option.hideHelp();
  return command;
}

/** @throws {ConfigError} with every problem. */
export function parseGateOptions(options: Readonly<Record<string, unknown>>): GateOptions {
  const problems: ConfigProblem[] = [];
  const blocks = (name: string, flag: string, fallback: number): number => {
    const given = options[name];
    if (given === undefined) return fallback;
    const value = /^\d+$/.test(String(given)) ? Number(given) : Number.NaN;
    if (!(value >= 2 && value <= 500)) {
      problems.push({ path: flag, message: `expected a whole number from 2 to 500, got '${String(given)}'` });
    }
    return value;
  };
  for (const [name, why] of Object.entries(OWN)) {
    if (why !== undefined && options[name] !== undefined) problems.push({ path: `--${name}`, message: why });
  }
  const untilDecided = options["untilDecided"] === true;
  if (!untilDecided && options["maxBlocks"] !== undefined) {
    problems.push({ path: "--max-blocks", message: "belongs to --until-decided" });
  }
  const least = blocks("blocks", "--blocks", DEFAULT_BLOCKS);
  const most = untilDecided ? blocks("maxBlocks", "--max-blocks", DEFAULT_MOST_BLOCKS) : least;
  const line = parseBenchOptions(options);
  problems.push(...line.problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    blocks: Math.min(least, most),
    mostBlocks: most,
    untilDecided,
    seed: line.settings.seed ?? randomInt(2 ** 32),
    name: line.settings.name ?? "gate",
    out: resolve(line.settings.out ?? "results"),
    benchArguments: benchArguments(options),
  };
}

/** The options of `bench` as they were given, for a `bench` that may be of another version. */
function benchArguments(options: Readonly<Record<string, unknown>>): readonly string[] {
  const { config } = options;
  const known = addBenchOptions(new Command()).options;
  return [
    ...(typeof config === "string" ? ["--config", resolve(config)] : []),
    ...known.flatMap((option) => {
      const { long } = option;
      const name = option.attributeName();
      const value = options[name];
      if (value === undefined || long === undefined || long === null || name in OWN) return [];
      if (typeof value === "boolean") return [long];
      const values: readonly unknown[] = Array.isArray(value) ? value : [value];
      return values.flatMap((each) => [long, String(each)]);
    }),
  ];
}
