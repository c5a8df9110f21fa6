// @ts-check
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "../../dist/core/random.js";
import { frameOf, namesOf, optionsOf, wholeNumber } from "../overhead/crew.mjs";
import { median, pairedRatio } from "../overhead/paired.mjs";
import { ScriptProcess } from "../overhead/script-process.mjs";
import { PEERS, perfAnalyzer } from "./perf-analyzer.mjs";
import { startOurs, startTriton, writeSegmentRepositories } from "./serving-processes.mjs";

/**
 * `npm run bench:triton`: the same perf_analyzer on our server and on NVIDIA Triton, cell by cell, both servers up and idle but the
 * one measured. Each block of a cell is ours, Triton, Triton, ours (or the other way round).
 */
const USAGE = `The same perf_analyzer on our server and on NVIDIA Triton: the ratio of the throughputs (ours / Triton's) with its 95 %
interval; the last line is one JSON object.

Usage: npm run bench:triton -- [options]
  --peers DIR            where test/interop/install.sh put its peers ($WIREBENCH_CACHE, else ~/.cache/wirebench-interop)
  --models LIST          of null, identity; none measures only what --segment asks for (default null,identity)
  --ways LIST            of http, grpc, stream (default all; streaming at the smallest size only, unless --sizes names one)
  --sizes LIST           bytes (default 1024,1769472,25165824)
  --concurrency LIST     requests outstanding (default 1,4,16)
  --blocks N             of each cell, two pairs each (default 8)
  --block-ms N           how long a measurement is to take, roughly, beside perf_analyzer's own start (default 1500); longer where
                         twelve requests in a row take longer
  --workers N            processes of our server (default 1)
  --segment FILE.onnx    also this model (uint8 [1,H,W,3] input) behind both, beside a bare ONNX Runtime loop with one run at a
                         time
  --frame WxH            its frame (default 968x608)
  --threads N            of the model in each server and in the loop (default 2)

Examples:
  npm run bench:triton
  npm run bench:triton -- --models null --ways http --sizes 1024 --concurrency 1 --blocks 1`;

const MODELS = /** @type {const} */ (["null", "identity"]);
const WAYS = /** @type {const} */ (["http", "grpc", "stream"]);
/** @typedef {(typeof WAYS)[number]} Way */

const OPTIONS = "peers models ways sizes concurrency blocks block-ms workers segment frame threads".split(
  " ",
);
const values = optionsOf({ name: "bench:triton", usage: USAGE, options: OPTIONS }, (given) => {
  const whole = (/** @type {string} */ name, /** @type {number} */ preset) =>
    wholeNumber(`--${name}`, given[name], { least: 1, most: 1e9, preset });
  const wholes = (/** @type {string} */ name, /** @type {string} */ preset) =>
    (given[name] ?? preset)
      .split(",")
      .map((text) => wholeNumber(`--${name}`, text, { least: 1, most: 1e9, preset: 1 }));
  return {
    peers: given["peers"] ?? PEERS,
    models: given["models"] === "none" ? [] : namesOf("--models", given["models"], MODELS, MODELS),
    ways: namesOf("--ways", given["ways"], WAYS, WAYS),
    sizes: wholes("sizes", "1024,1769472,25165824"),
    hasSizes: given["sizes"] !== undefined,
    concurrencies: wholes("concurrency", "1,4,16"),
    blocks: whole("blocks", 8),
    blockMs: whole("block-ms", 1_500),
    workers: whole("workers", 1),
    segment: given["segment"],
    frame: frameOf(given["frame"]),
    threads: whole("threads", 2),
  };
});
const { peers, sizes, concurrencies, blocks, blockMs, threads } = values;
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
  if (values.models.length > 0) await measureCells();
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
  const { models, ways, workers } = values;
  const ours = await startOurs(["--model", models.join(), "--workers", String(workers)]);
  releases.push(ours.stop);
  const repository = new URL("../interop/peers/triton-models", import.meta.url).pathname;
  const triton = await startTriton(peers, repository);
  releases.push(triton.stop);
  for (const model of models) {
    for (const way of ways) {
      const measured = way === "stream" && !values.hasSizes ? sizes.slice(0, 1) : sizes;
      for (const bytes of measured) {
        for (const concurrency of concurrencies) {
          const what = { peers, folder, model, shape: `input:${bytes}`, way, concurrency };
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
  const { widthPx, heightPx } = values.frame;
  const repositories = await writeSegmentRepositories(folder, file, threads);
  const ours = await startOurs([
    ...["--model-repository", repositories.ours, "--model", "segment"],
    ...["--threads", String(threads)],
  ]);
  releases.push(ours.stop);
  const triton = await startTriton(peers, repositories.triton);
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
    for (const concurrency of concurrencies) {
      const what = { peers, folder, model: "segment", shape, way, concurrency };
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
