// @ts-check
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { createRandom } from "../../dist/core/random.js";
import { createSeries, PAIRS_PER_ROUND, runRound } from "./interleave.mjs";
import { MEASURED, Rig } from "./rig.mjs";
import { resultJson, summaryLines } from "./summary.mjs";

/**
 * `npm run bench:overhead`: what our client and our server add to the bare client library. The last line of the output is
 * one JSON object. Arguments, for looking at a part: names of transports, `--rounds N`, `--seed N`.
 * With OVERHEAD_NODE_OPTIONS (`--cpu-prof --cpu-prof-dir=DIR`, say) every client and echo process gets these options of Node.
 */
const USAGE = "usage: npm run bench:overhead -- [http] [grpc] [mqtt] [--rounds N] [--seed N]";
const DEFAULT_ROUNDS = 3;
/** On a slow or busy machine the blocks of the later rounds get shorter, to be done by then. */
const BUDGET_MS = 270_000;
const LEAST_EFFORT = 0.2;

/** @typedef {import("./rig.mjs").Measured} Measured */

class UsageError extends Error {}

const rig = new Rig();
let interrupted = false;
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.on(signal, () => {
    interrupted = true;
    // What is being waited for then fails, and the run ends as after any failure.
    void rig.end();
  });
}

try {
  await measure(readArguments());
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`bench:overhead: ${interrupted ? "interrupted" : text.split("\n")[0]}\n`);
  process.exitCode = interrupted ? 130 : error instanceof UsageError ? 2 : 1;
} finally {
  await rig.end();
}

/** @param {ReturnType<typeof readArguments>} options */
async function measure({ transports, rounds, seed }) {
  const startedMs = performance.now();
  const { fraction: random } = createRandom(seed);
  const series = new Map(transports.map((transport) => [transport, new Map()]));
  const seriesOf = (/** @type {Measured} */ transport, /** @type {number} */ bytes) => {
    const sizes = series.get(transport);
    if (!sizes?.has(bytes)) sizes?.set(bytes, createSeries());
    return sizes?.get(bytes);
  };
  console.log(
    `Node.js ${process.versions.node}, ${availableParallelism()} CPUs, model null, tuned, one connection, one request outstanding; ` +
      `${PAIRS_PER_ROUND * rounds} pairs of blocks in ${rounds} rounds of fresh client processes, order from seed ${seed}`,
  );
  await rig.start(transports);
  let effort = 1;
  for (let round = 1; round <= rounds; round++) {
    const roundStartMs = performance.now();
    for (const transport of transports) {
      await runRound(rig, transport, { seriesOf: (bytes) => seriesOf(transport, bytes), random, effort });
    }
    const nowMs = performance.now();
    const leftMs = startedMs + BUDGET_MS - nowMs;
    const neededMs = ((nowMs - roundStartMs) / effort) * (rounds - round);
    effort = Math.max(LEAST_EFFORT, Math.min(1, leftMs / Math.max(1, neededMs)));
    process.stderr.write(`round ${round} of ${rounds} done, ${Math.round((nowMs - startedMs) / 1_000)} s\n`);
  }
  for (const line of summaryLines(transports, seriesOf)) console.log(line);
  console.log(resultJson(transports, seriesOf));
}

/** @throws {UsageError} */
function readArguments() {
  const { positionals, values } = parse();
  if (values.help === true) {
    console.log(USAGE);
    process.exit(0);
  }
  const unknown = positionals.find((name) => !(/** @type {readonly string[]} */ (MEASURED).includes(name)));
  if (unknown !== undefined) throw new UsageError(`unknown transport '${unknown}'; ${USAGE}`);
  const transports =
    positionals.length === 0 ? MEASURED : MEASURED.filter((name) => positionals.includes(name));
  const rounds = values.rounds === undefined ? DEFAULT_ROUNDS : Number(values.rounds);
  if (!(Number.isSafeInteger(rounds) && rounds > 0)) {
    throw new UsageError(`--rounds: expected a whole number above 0, got '${values.rounds}'`);
  }
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);
  if (!Number.isSafeInteger(seed))
    throw new UsageError(`--seed: expected a whole number, got '${values.seed}'`);
  return { transports, rounds, seed };
}

/** @throws {UsageError} */
function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { rounds: { type: "string" }, seed: { type: "string" }, help: { type: "boolean" } },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}; ${USAGE}`);
  }
}
