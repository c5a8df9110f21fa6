// @ts-check
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const ARGS = /** @type {const} */ ({
  http: ["-i", "http"],
  grpc: ["-i", "grpc"],
  stream: ["-i", "grpc", "--streaming"],
});

/** Where test/interop/install.sh puts the peers. */
export const PEERS = process.env["WIREBENCH_CACHE"] ?? join(homedir(), ".cache/wirebench-interop");

/**
 * perf_analyzer of the cache, with the CUDA runtime that it links, or of a plain folder that holds it.
 *
 * @param {string} peers
 */
export function perfAnalyzerIn(peers) {
  const file = join(peers, "clients/bin/perf_analyzer");
  if (!existsSync(file)) return { file: join(peers, "perf_analyzer"), env: process.env };
  const library = join(peers, "clients/lib/python3.11/site-packages/nvidia/cuda_runtime/lib");
  return { file, env: { ...process.env, LD_LIBRARY_PATH: library } };
}

/** ghz of the cache, or of a plain folder that holds it. @param {string} peers */
export function ghzIn(peers) {
  const file = join(peers, "ghz/ghz");
  return existsSync(file) ? file : join(peers, "ghz");
}

/** Runs perf_analyzer once. @typedef {object} PerfRun
 * @property {string} peers - the cache of test/interop/install.sh, or a folder with the program.
 * @property {string} folder - for its table.
 * @property {{ readonly http: string, readonly grpc: string }} server - `host:port` of each.
 * @property {"http" | "grpc" | "stream"} way
 * @property {string} model
 * @property {string} shape - e.g. `input:1024`.
 * @property {number} concurrency
 * @property {number} windowMs - of each of the three windows that it averages.
 */

/** @typedef {{ readonly perSec: number, readonly p50Ms: number }} PerfReading */

/**
 * What it reads. Its windows are of time: with a number of requests it divides by whole seconds. It takes three windows for
 * stable whatever they say; a cell is repeated here.
 *
 * @param {PerfRun} options
 * @returns {Promise<PerfReading>}
 */
export async function perfAnalyzer({ peers, folder, server, way, model, shape, concurrency, windowMs }) {
  const csv = join(folder, `perf-${performance.now()}.csv`);
  const what = [
    "-m",
    model,
    "-u",
    way === "http" ? server.http : server.grpc,
    "--shape",
    shape,
    ...ARGS[way],
  ];
  const load = [
    "--concurrency-range",
    String(concurrency),
    "-p",
    String(Math.ceil(windowMs)),
    "-s",
    "999",
    "-f",
    csv,
  ];
  const { file, env } = perfAnalyzerIn(peers);
  await run(file, [...what, ...load], { env });
  const [head = "", row = ""] = (await readFile(csv, "utf8")).split("\n");
  const of = (/** @type {string} */ column) => Number(row.split(",")[head.split(",").indexOf(column)]);
  const perSec = of("Inferences/Second");
  if (!(perSec > 0)) throw new Error(`perf_analyzer measured nothing of ${model} over ${way}`);
  return { perSec, p50Ms: of("p50 latency") / 1_000 };
}
