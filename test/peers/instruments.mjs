// @ts-check
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { createRandom } from "../../dist/core/random.js";
import { DEFAULT_MAX_PAYLOAD_BYTES } from "../../dist/core/transport.js";
import { Child } from "../../dist/scenarios/child.js";
import { pairedRatio } from "../overhead/paired.mjs";
import { ghzIn, PEERS, perfAnalyzerIn } from "./perf-analyzer.mjs";
import { startTriton, writeSegmentRepositories } from "./serving-processes.mjs";

/**
 * `npm run bench:instruments -- [options]`: the same running server measured by wirebench, by perf_analyzer and by ghz, interleaved:
 * each block is a random order of them and the same backwards. Prints the ratio of wirebench's p50 and p99 to each of the
 * others' with its 95 % interval; the last line is one JSON object.
 *
 *   --peers DIR            where test/interop/install.sh put its peers [$WIREBENCH_CACHE, ~/.cache/wirebench-interop], or a
 *                          folder that holds the programs `perf_analyzer` and `ghz`
 *   --model NAME           built in: `delay-20ms` has a known service time, `null` shows what the clients cost [delay-20ms]
 *   --bytes N              of its input [1024]
 *   --segment FILE.onnx    NVIDIA Triton with this model (uint8 [1,H,W,3] `input`) instead of our server; without ghz
 *   --frame WxH            its frame [968x608]
 *   --concurrency N        requests outstanding [1]
 *   --blocks N             two runs of each instrument [8]
 *   --requests N           of each run [400]
 */
const { values } = parseArgs({
  options: {
    peers: { type: "string", default: PEERS },
    blocks: { type: "string", default: "8" },
    requests: { type: "string", default: "400" },
    model: { type: "string", default: "delay-20ms" },
    bytes: { type: "string", default: "1024" },
    segment: { type: "string" },
    frame: { type: "string", default: "968x608" },
    concurrency: { type: "string", default: "1" },
  },
});
const { segment, concurrency } = values;
const model = segment === undefined ? values.model : "segment";
const [widthPx, heightPx] = values.frame.split("x");
const shape = segment === undefined ? `input:${values.bytes}` : `input:1,${heightPx},${widthPx},3`;
const perf = perfAnalyzerIn(values.peers);
const ghzFile = ghzIn(values.peers);
const missing = [perf.file, ...(segment === undefined ? [ghzFile] : [])].filter((file) => !existsSync(file));
if (missing.length > 0) {
  process.stderr.write(
    `bench:instruments: ${missing.join(" and ")} missing: run test/interop/install.sh clients ghz, or name a folder (--peers)\n`,
  );
  process.exit(2);
}
const blocks = Number(values.blocks);
const requests = Number(values.requests);
const bytes = Number(values.bytes);
const run = promisify(execFile);
const CLI = new URL("../../dist/cli/main.js", import.meta.url).pathname;
const PROTO = new URL("../../proto/inference.proto", import.meta.url).pathname;

/** What one instrument read in one run, milliseconds. @typedef {{ p50Ms: number, p99Ms: number }} Reading */

const folder = await mkdtemp(join(tmpdir(), "wirebench-instruments-"));
/** Ends the server that is measured. @type {() => Promise<unknown>} */
let stop = async () => {};
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => void stop());
try {
  await measure(segment === undefined ? await startOurs() : await startForeign(segment));
} catch (error) {
  process.stderr.write(
    `bench:instruments: ${error instanceof Error ? error.message.split("\n")[0] : error}\n`,
  );
  process.exitCode = 1;
} finally {
  await stop();
  await rm(folder, { recursive: true });
}

async function startOurs() {
  /** @type {Child<import("../../dist/scenarios/processes/commands.js").ServerCommands>} */
  const server = new Child({ role: "server", tuning: "tuned" });
  stop = () => server.end();
  const { endpoints } = await server.ask("start", {
    listeners: /** @type {const} */ (["http", "grpc"]).map((transport) => ({
      transport,
      host: "127.0.0.1",
      port: 0,
    })),
    core: { models: [model], repository: "models", device: "cpu", instances: 1 },
    tuning: "tuned",
    maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
    qos: 0,
  });
  return { http: String(endpoints[0]), grpc: String(endpoints[1]) };
}

/** @param {string} file */
async function startForeign(file) {
  const repositories = await writeSegmentRepositories(folder, file, 2);
  const triton = await startTriton(values.peers, repositories.triton);
  stop = triton.stop;
  return { http: `http://${triton.http}`, grpc: `grpc://${triton.grpc}` };
}

/** @param {Record<"http" | "grpc", string>} endpoints */
async function measure(endpoints) {
  const { fraction: random } = createRandom(1);
  /** @type {Record<string, () => Promise<Reading>>} */
  const instruments = {
    "wirebench http": () => wirebench("http", endpoints.http),
    "perf_analyzer http": () => perfAnalyzer("http", endpoints.http),
    "wirebench grpc": () => wirebench("grpc", endpoints.grpc),
    "perf_analyzer grpc": () => perfAnalyzer("grpc", endpoints.grpc),
    ...(segment === undefined ? { "ghz grpc": () => ghz(endpoints.grpc) } : {}),
  };
  /** @type {Map<string, Reading[]>} */
  const readings = new Map(Object.keys(instruments).map((name) => [name, []]));
  for (let block = 1; block <= blocks; block++) {
    const order = Object.keys(instruments)
      .map((name) => ({ name, key: random() }))
      .toSorted((a, b) => a.key - b.key)
      .map(({ name }) => name);
    for (const name of [...order, ...order.toReversed()]) {
      const reading = await instruments[name]?.();
      if (reading !== undefined) readings.get(name)?.push(reading);
    }
    process.stderr.write(`block ${block} of ${blocks} done\n`);
  }
  /** @type {Record<string, unknown>} */
  const result = {};
  for (const [ours, theirs] of /** @type {const} */ ([
    ["wirebench http", "perf_analyzer http"],
    ["wirebench grpc", "perf_analyzer grpc"],
    ["wirebench grpc", "ghz grpc"],
  ])) {
    if (!(theirs in instruments)) continue;
    for (const figure of /** @type {const} */ (["p50Ms", "p99Ms"])) {
      const of = (/** @type {string} */ name) => (readings.get(name) ?? []).map((reading) => reading[figure]);
      // wirebench gives no p99 of fewer than 368 requests.
      if (of(ours).some(Number.isNaN)) continue;
      const ratio = pairedRatio(of(theirs), of(ours));
      const text = [ratio.estimate, ratio.low, ratio.high].map((value) => value.toFixed(4));
      console.log(
        `${figure.replace("Ms", "")} ${ours} ${mean(of(ours)).toFixed(3)} ms, ${theirs} ${mean(of(theirs)).toFixed(3)} ms, ratio ${text[0]} [${text[1]}, ${text[2]}]`,
      );
      result[`${ours} / ${theirs} ${figure}`] = ratio;
    }
  }
  console.log(JSON.stringify(result));
}

/** @param {readonly number[]} numbers */
function mean(numbers) {
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

/** @param {"http" | "grpc"} transport @param {string} url @returns {Promise<Reading>} */
async function wirebench(transport, url) {
  const out = await mkdtemp(join(folder, "run-"));
  const load = ["--requests", String(requests), "--repetitions", "1", "--concurrency", concurrency];
  const what = ["--transport", transport, "--url", url, "--model", model, "--input", "synthetic"];
  const size = segment === undefined ? ["--size", String(bytes)] : ["--shape", shape];
  await run(process.execPath, [
    CLI,
    "bench",
    ...what,
    ...size,
    "--encoding",
    "binary",
    ...load,
    "--out",
    out,
  ]);
  const [name = ""] = await readdir(out);
  const report = JSON.parse(await readFile(join(out, name, "report.json"), "utf8"));
  const { p50Ms, p99Ms } = report.cells[0].figures.service;
  if (typeof p50Ms !== "number") throw new Error("wirebench printed no p50");
  return { p50Ms, p99Ms: typeof p99Ms === "number" ? p99Ms : Number.NaN };
}

/** @param {"http" | "grpc"} transport @param {string} url @returns {Promise<Reading>} */
async function perfAnalyzer(transport, url) {
  const csv = join(folder, `perf-${performance.now()}.csv`);
  const load = ["--concurrency-range", concurrency, "--request-count", String(requests), "-f", csv];
  const what = ["-m", model, "-u", new URL(url).host, "-i", transport, "--shape", shape];
  await run(perf.file, [...what, ...load], { env: perf.env });
  const [head = "", row = ""] = (await readFile(csv, "utf8")).split("\n");
  const columns = head.split(",");
  const us = (/** @type {string} */ column) => Number(row.split(",")[columns.indexOf(column)]);
  return { p50Ms: us("p50 latency") / 1_000, p99Ms: us("p99 latency") / 1_000 };
}

/** @param {string} url @returns {Promise<Reading>} */
async function ghz(url) {
  const data = join(folder, "ghz.json");
  const input = { name: "input", datatype: "UINT8", shape: [bytes] };
  const raw = Buffer.alloc(bytes, 7).toString("base64");
  await writeFile(data, JSON.stringify({ model_name: model, inputs: [input], raw_input_contents: [raw] }));
  const what = [
    "--insecure",
    "--proto",
    PROTO,
    "--call",
    "inference.GRPCInferenceService.ModelInfer",
    "-D",
    data,
  ];
  const load = ["-n", String(requests), "-c", concurrency, "-O", "json"];
  const { stdout } = await run(ghzFile, [...what, ...load, new URL(url).host]);
  /** @type {{ latencyDistribution: { percentage: number, latency: number }[] }} */
  const { latencyDistribution } = JSON.parse(stdout);
  const ms = (/** @type {number} */ percentage) =>
    (latencyDistribution.find((entry) => entry.percentage === percentage)?.latency ?? Number.NaN) / 1e6;
  return { p50Ms: ms(50), p99Ms: ms(99) };
}
