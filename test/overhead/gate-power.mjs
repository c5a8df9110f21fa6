// @ts-check
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createRandom } from "../../dist/core/random.js";
import { comparePaired } from "../../dist/reporting/comparison/compare-sides.js";
import { DEFAULT_LIMITS } from "../../dist/reporting/comparison/comparison.js";
import { slowedCopy } from "./slowed-copy.mjs";

/**
 * How good the gate is on this machine, from recorded runs: how often it cries wolf, says OK, and finds what is slower.
 *
 * `record` makes a gate of two copies of this build, one of them slowed down by real work (or neither), and keeps every run;
 * `analyse` draws gates of the default size from what was recorded. The last line of its output is one JSON object.
 */
const USAGE = `usage:
  node test/overhead/gate-power.mjs record aa|compute|transport --out DIR [--blocks 30] [--extra-us N | --like DIR] [-- bench options]
  node test/overhead/gate-power.mjs analyse --aa DIR... [--compute DIR...] [--transport DIR...] [--blocks 5] [--draws 1000] [--seed 1]

record aa: 30 blocks are 60 pairs. compute and transport add --extra-us to every request, or with --like DIR (a recorded aa)
10 % of its geometric mean p50. DIR of analyse: a folder that record wrote into (every gate.json below it counts).`;

/** @typedef {import("../../dist/reporting/comparison/side-runs.js").SideRun} SideRun */
/** @typedef {import("../../dist/reporting/comparison/comparison-report.js").ComparisonReport} ComparisonReport */
/** Two runs of each side. @typedef {{ readonly base: readonly SideRun[], readonly head: readonly SideRun[] }} Block */

const VARIANTS = /** @type {const} */ (["aa", "compute", "transport"]);
const SHARE = 0.1;
const CLI = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

class UsageError extends Error {}

try {
  const [command, ...rest] = process.argv.slice(2);
  if (command === "record") process.exitCode = await record(rest);
  else if (command === "analyse") analyse(rest);
  else throw new UsageError(USAGE);
} catch (error) {
  process.stderr.write(`gate-power: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

/** @param {readonly string[]} args @returns {Promise<number>} */
async function record(args) {
  const split = args.indexOf("--");
  const bench = split < 0 ? [] : args.slice(split + 1);
  const { positionals, values } = parse(split < 0 ? args : args.slice(0, split), {
    out: { type: "string" },
    blocks: { type: "string", default: "30" },
    "extra-us": { type: "string" },
    like: { type: "string" },
  });
  const variant = VARIANTS.find((name) => name === positionals[0]);
  if (variant === undefined || typeof values.out !== "string") throw new UsageError(USAGE);
  const extraUs =
    variant === "aa"
      ? 0
      : values.like === undefined
        ? Number(values["extra-us"])
        : tenthOf(String(values.like));
  if (!(extraUs >= 0)) throw new UsageError(`${variant} needs --extra-us N or --like DIR\n${USAGE}`);
  const base = await slowedCopy("none", 0);
  const head = await slowedCopy(variant === "aa" ? "none" : variant, extraUs);
  try {
    process.stderr.write(`${variant}: ${extraUs.toFixed(0)} µs more a request\n`);
    const gate = ["gate", "--base", base.path, "--head", head.path, "--blocks", String(values.blocks)];
    const child = spawn(process.execPath, [CLI, ...gate, "--name", variant, "--out", values.out, ...bench], {
      stdio: "inherit",
    });
    // The gate gets the terminal's Ctrl-C by itself; here it must only not end this process before the copies are removed.
    process.on("SIGINT", () => {});
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    const code = await new Promise((resolve) => child.on("close", resolve));
    // The verdict is not what was asked for here.
    return [0, 1, 2].includes(code) ? 0 : (code ?? 1);
  } finally {
    await Promise.all([base.remove(), head.remove()]);
  }
}

/** @param {readonly string[]} args */
function analyse(args) {
  const list = /** @type {const} */ ({ type: "string", multiple: true, default: [] });
  const { positionals, values } = parse(spread(args), {
    aa: list,
    compute: list,
    transport: list,
    blocks: { type: "string", default: "5" },
    draws: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
  });
  if (positionals.length > 0) throw new UsageError(USAGE);
  const [blocks = 0, draws = 0, seed = 0] = [values.blocks, values.draws, values.seed].map(Number);
  if (!(Number.isSafeInteger(blocks) && blocks >= 2 && Number.isSafeInteger(draws) && draws > 0)) {
    throw new UsageError(USAGE);
  }
  const found = VARIANTS.flatMap((variant) => {
    const folders = /** @type {string[]} */ (values[variant]);
    return folders.length === 0
      ? []
      : [drawGates(variant, folders.flatMap(blocksIn), { blocks, draws, seed })];
  });
  if (found.length === 0) throw new UsageError(USAGE);
  const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(1)} %`.padStart(9);
  console.log(
    `${draws} gates of ${blocks} blocks (${2 * blocks} pairs) drawn from the recorded blocks, seed ${seed}`,
  );
  console.log("            pairs  rows     change  REGRESSED         OK  INCONCLUSIVE");
  for (const { variant, pairs, rows, change, shares } of found) {
    console.log(
      `${variant.padEnd(10)} ${String(pairs).padStart(6)} ${String(rows).padStart(5)} ${percent(change)}  ${percent(shares.REGRESSED)}  ${percent(shares.OK)}     ${percent(shares.INCONCLUSIVE)}`,
    );
  }
  console.log(
    "aa: REGRESSED is a false alarm. change: the geometric mean over all recorded pairs and rows, head to base.",
  );
  console.log(JSON.stringify({ blocks, draws, seed, variants: found }));
}

/**
 * Draws gates: blocks without repetition, and for A/A in each block which side is called the head (A B B A or B A A B).
 *
 * @param {typeof VARIANTS[number]} variant
 * @param {readonly Block[]} recorded
 * @param {{ readonly blocks: number, readonly draws: number, readonly seed: number }} options
 */
function drawGates(variant, recorded, { blocks, draws, seed }) {
  if (recorded.length < blocks) {
    throw new UsageError(`${variant}: ${recorded.length} whole blocks were recorded, a gate has ${blocks}`);
  }
  const random = createRandom(seed);
  const counts = { REGRESSED: 0, OK: 0, INCONCLUSIVE: 0 };
  for (let draw = 0; draw < draws; draw++) {
    const pool = [...recorded];
    const chosen = Array.from({ length: blocks }, () => {
      const [block] = pool.splice(Math.floor(random.fraction() * pool.length), 1);
      const { base, head } = /** @type {Block} */ (block);
      return variant === "aa" && random.fraction() < 0.5 ? { base: head, head: base } : { base, head };
    });
    counts[comparePaired(joined(chosen), DEFAULT_LIMITS).outcome]++;
  }
  const all = comparePaired(joined(recorded), DEFAULT_LIMITS).rows;
  const cells = all.filter(({ cell, ratio }) => cell !== undefined && ratio !== undefined);
  const logs = cells.map(({ ratio }) => Math.log(/** @type {number} */ (ratio)));
  return {
    variant,
    pairs: 2 * recorded.length,
    rows: all.length,
    change: Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length) - 1,
    shares: {
      REGRESSED: counts.REGRESSED / draws,
      OK: counts.OK / draws,
      INCONCLUSIVE: counts.INCONCLUSIVE / draws,
    },
  };
}

/** @param {readonly Block[]} blocks @returns {Block} */
function joined(blocks) {
  return { base: blocks.flatMap(({ base }) => base), head: blocks.flatMap(({ head }) => head) };
}

/** The whole blocks of every gate below a folder. @param {string} folder @returns {readonly Block[]} */
function blocksIn(folder) {
  return reportsIn(folder).flatMap(({ runs = [] }) => {
    const numbers = [...new Set(runs.map(({ block }) => block))];
    return numbers.flatMap((number) => {
      const sideRuns = (/** @type {string} */ side) =>
        runs
          .filter((one) => one.block === number && one.side === side)
          .sort((a, b) => a.pair - b.pair)
          .map(({ run }) => run);
      const block = { base: sideRuns("base"), head: sideRuns("head") };
      return block.base.length === 2 && block.head.length === 2 ? [block] : [];
    });
  });
}

/** @param {string} folder @returns {readonly ComparisonReport[]} @throws {UsageError} */
function reportsIn(folder) {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`${folder}: expected a folder that record wrote into`);
  }
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /(^|\/)gate\.json$/.test(name),
  );
  if (files.length === 0) throw new UsageError(`${folder}: no gate.json in it`);
  return files.map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
}

/** 10 % of the geometric mean p50 of a recorded A/A, microseconds. @param {string} folder */
function tenthOf(folder) {
  const means = reportsIn(folder).flatMap(({ comparison }) =>
    comparison.rows
      .filter(({ cell, metric }) => cell !== undefined && metric === "p50")
      .map(({ baseMs }) => baseMs ?? 0),
  );
  const logs = means.filter((ms) => ms > 0).map(Math.log);
  return SHARE * 1_000 * Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}

/** `--aa a b` as `--aa a --aa b`: a shell's `*` gives several. @param {readonly string[]} args */
function spread(args) {
  let name = "";
  return args.flatMap((arg, index) => {
    if (arg.startsWith("--")) {
      name = arg;
      return VARIANTS.some((variant) => arg === `--${variant}`) ? [] : [arg];
    }
    const isListed = VARIANTS.some((variant) => name === `--${variant}`);
    return isListed ? [name, arg] : [args[index] ?? arg];
  });
}

/**
 * @template {import("node:util").ParseArgsConfig["options"]} Options
 * @param {readonly string[]} args
 * @param {Options} options
 * @throws {UsageError}
 */
function parse(args, options) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
}
