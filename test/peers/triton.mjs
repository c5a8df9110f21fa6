// @ts-check
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createRandom } from "../../dist/core/random.js";
import { median, pairedRatio } from "../overhead/paired.mjs";
import { ScriptProcess } from "../overhead/script-process.mjs";
import { perfAnalyzer } from "./perf-analyzer.mjs";
import { startOurs, startTriton, writeSegmentRepositories } from "./serving-processes.mjs";

/**
 * `npm run bench:triton -- [options]`: the same perf_analyzer on our server and on NVIDIA Triton, cell by cell, both servers up
 * and idle but the one measured. Each block of a cell is ours, Triton, Triton, ours (or the other way round). Prints the ratio of
 * the throughputs (ours / Triton's) with its 95 % interval; the last line is one JSON object.
 *
 *   --peers DIR            where test/interop/install.sh put its peers [$WIREBENCH_CACHE, ~/.cache/wirebench-interop]
 *   --models LIST          null,identity; none measures only what --segment asks for
 *   --ways LIST            http,grpc,stream (streaming is measured at the smallest size only, unless --sizes names one)
 *   --sizes LIST           bytes [1024,1769472,25165824]
 *   --concurrency LIST     [1,4,16]
 *   --blocks N             of each cell, two pairs each [8]
 *   --block-ms N           how long a measurement is to take, roughly, beside perf_analyzer's own start [1500]; longer where
 *                          twelve requests in a row take longer
 *   --workers N            processes of our server [1]
 *   --segment FILE.onnx    also this model (uint8 [1,H,W,3] `input`) behind both, beside a bare ONNX Runtime loop with one run
 *                          at a time
 *   --frame WxH            its frame [968x608]
 *   --threads N            of the model in each server and in the loop [2]
 *
 * e.g. npm run bench:triton -- --models null --ways http --sizes 1024 --concurrency 1 --blocks 1
 */
const WAYS = /** @type {const} */ (["http", "grpc", "stream"]);
/** @typedef {(typeof WAYS)[number]} Way */

const { values } = parseArgs({
  options: {
    peers: {
      type: "string",
      default: process.env["WIREBENCH_CACHE"] ?? join(homedir(), ".cache/wirebench-interop"),
    },
    models: { type: "string", default: "null,identity" },
    ways: { type: "string", default: WAYS.join() },
    sizes: { type: "string" },
    concurrency: { type: "string", default: "1,4,16" },
    blocks: { type: "string", default: "8" },
    "block-ms": { type: "string", default: "1500" },
    workers: { type: "string", default: "1" },
    segment: { type: "string" },
    frame: { type: "string", default: "968x608" },
    threads: { type: "string", default: "2" },
  },
});
const numbers = (/** @type {string} */ list) => list.split(",").map(Number);
const sizes = numbers(values.sizes ?? "1024,1769472,25165824");
const blocks = Number(values.blocks);
const blockMs = Number(values["block-ms"]);
const { fraction: random } = createRandom(1);

/** perf_analyzer averages so many windows. */
const WINDOWS = 3;
/** Requests of each outstanding place that a window must have room for. */
const LEAST_IN_WINDOW = 4;

/**
 * Who is measured for so long, milliseconds.
 * @typedef {(measureMs: number) => Promise<{ readonly perSec: number, readonly p50Ms: number }>} Measure
 */

const folder = await mkdtemp(join(tmpdir(), "wirebench-triton-"));
/** @type {(() => Promise<unknown>)[]} */
const releases = [() => rm(folder, { recursive: true })];
async function releaseAll() {
  for (const release of releases.splice(0).reverse()) await release();
}
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => void releaseAll());
/** @type {Record<string, unknown>} */
const result = {};
try {
  if (values.models !== "none") await measureCells();
  if (values.segment !== undefined) await measureSegment(values.segment);
  console.log(JSON.stringify(result));
} catch (error) {
  process.stderr.write(
    `bench:triton: ${error instanceof Error ? error.message.trim().split("\n")[0] : error}\n`,
  );
  process.exitCode = 1;
} finally {
  await releaseAll();
}

async function measureCells() {
  const models = values.models.split(",");
  const ways = values.ways.split(",").map((name) => {
    const way = WAYS.find((known) => known === name);
    if (way === undefined) throw new Error(`unknown way '${name}'; there are: ${WAYS.join(", ")}`);
    return way;
  });
  const ours = await startOurs(["--model", models.join(), "--workers", values.workers]);
  releases.push(ours.stop);
  const repository = new URL("../interop/peers/triton-models", import.meta.url).pathname;
  const triton = await startTriton(values.peers, repository);
  releases.push(triton.stop);
  for (const model of models) {
    for (const way of ways) {
      const measured = way === "stream" && values.sizes === undefined ? sizes.slice(0, 1) : sizes;
      for (const bytes of measured) {
        for (const concurrency of numbers(values.concurrency)) {
          const what = { peers: values.peers, folder, model, shape: `input:${bytes}`, way, concurrency };
          const readings = await measureBlocks(
            {
              ours: (ms) => perfAnalyzer({ ...what, server: ours, windowMs: ms / WINDOWS }),
              Triton: (ms) => perfAnalyzer({ ...what, server: triton, windowMs: ms / WINDOWS }),
            },
            bytes > 10_000_000 ? 6_000 : 1_500,
          );
          const name = `${model} ${way} ${bytes} B, ${concurrency} outstanding`;
          compare(name, readings, "Triton", "ours");
        }
      }
    }
  }
}

/** @param {string} file */
async function measureSegment(file) {
  const [widthPx = 0, heightPx = 0] = values.frame.split("x").map(Number);
  const threads = Number(values.threads);
  const repositories = await writeSegmentRepositories(folder, file, threads);
  const ours = await startOurs([
    ...["--model-repository", repositories.ours, "--model", "segment"],
    ...["--threads", values.threads],
  ]);
  releases.push(ours.stop);
  const triton = await startTriton(values.peers, repositories.triton);
  releases.push(triton.stop);
  /** @type {Record<string, Measure>} */
  const participants = {};
  for (const spinning of [false, true]) {
    const loop = new ScriptProcess("../peers/bare-onnx", "tuned");
    releases.push(() => loop.end());
    await loop.ask("connect", { file, threads, spinning, widthPx, heightPx });
    const measure = async (/** @type {number} */ requests) => {
      /** @type {Float64Array} */
      const latenciesNs = (await loop.ask("block", { bytes: 0, requests })).latenciesNs;
      return {
        perSec: requests / (latenciesNs.reduce((a, b) => a + b, 0) / 1e9),
        p50Ms: median(latenciesNs) / 1e6,
      };
    };
    const { p50Ms } = await measure(5);
    participants[spinning ? "bare, spinning" : "bare"] = (ms) => measure(Math.ceil(ms / p50Ms));
  }
  for (const way of /** @type {const} */ (["http", "grpc"])) {
    const shape = `input:1,${heightPx},${widthPx},3`;
    for (const concurrency of numbers(values.concurrency)) {
      const what = { peers: values.peers, folder, model: "segment", shape, way, concurrency };
      for (const [name, server] of /** @type {const} */ ([
        ["ours", ours],
        ["Triton", triton],
      ])) {
        participants[`${name} ${way}, ${concurrency} outstanding`] = (ms) =>
          perfAnalyzer({ ...what, server, windowMs: ms / WINDOWS });
      }
    }
  }
  const readings = await measureBlocks(participants, 1_500);
  for (const name of Object.keys(participants)) {
    if (name !== "bare") compare("segment", readings, "bare", name);
  }
}

/**
 * Blocks of one cell: a random order of the participants and the same backwards. All measure equally long.
 *
 * @param {Record<string, Measure>} participants
 * @param {number} firstMs - of the measurement that warms up and tells how long the others must be.
 */
async function measureBlocks(participants, firstMs) {
  /** @type {Map<string, { perSec: number[] }>} */
  const readings = new Map();
  let measureMs = blockMs;
  for (const [name, measure] of Object.entries(participants)) {
    const { p50Ms } = await measure(firstMs);
    measureMs = Math.max(measureMs, WINDOWS * LEAST_IN_WINDOW * p50Ms);
    readings.set(name, { perSec: [] });
  }
  for (let block = 0; block < blocks; block++) {
    const order = Object.entries(participants)
      .map((participant) => ({ participant, key: random() }))
      .toSorted((a, b) => a.key - b.key)
      .map(({ participant }) => participant);
    for (const [name, measure] of [...order, ...order.toReversed()]) {
      readings.get(name)?.perSec.push((await measure(measureMs)).perSec);
    }
  }
  return readings;
}

/**
 * @param {string} cell
 * @param {ReadonlyMap<string, { perSec: number[] }>} readings
 * @param {string} base
 * @param {string} other
 */
function compare(cell, readings, base, other) {
  const of = (/** @type {string} */ name) => readings.get(name)?.perSec ?? [];
  const ratio = pairedRatio(of(base), of(other));
  const [estimate, low, high] = [ratio.estimate, ratio.low, ratio.high].map((value) => value.toFixed(3));
  console.log(
    `${cell}: ${other} ${median(of(other)).toFixed(1)}/s, ${base} ${median(of(base)).toFixed(1)}/s, ratio ${estimate} [${low}, ${high}]`,
  );
  result[`${cell}: ${other} / ${base}`] = ratio;
}
