// @ts-check
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createRandom } from "../../dist/core/random.js";
import { DEFAULT_MAX_PAYLOAD_BYTES } from "../../dist/core/transport.js";
import { Child } from "../../dist/scenarios/child.js";
import { frameOf, optionsOf, wholeNumber } from "../overhead/crew.mjs";
import { pairedRatio } from "../overhead/paired.mjs";
import { ghzIn, PEERS, perfAnalyzerIn } from "./perf-analyzer.mjs";
import { startTriton, writeSegmentRepositories } from "./serving-processes.mjs";

/**
 * `npm run bench:instruments`: the same running server measured by wirebench, by perf_analyzer and by ghz, interleaved: each block
 * is a random order of them and the same backwards.
 */
const USAGE = `The same running server measured by wirebench, perf_analyzer and ghz: the ratio of wirebench's p50 and p99 to each of
the others' with its 95 % interval; the last line is one JSON object.

Usage: npm run bench:instruments -- [options]
  --peers DIR            where test/interop/install.sh put its peers ($WIREBENCH_CACHE, else ~/.cache/wirebench-interop), or a
                         folder that holds the programs perf_analyzer and ghz
  --model NAME           built in: delay-20ms has a known service time, null shows what the clients cost (default delay-20ms)
  --bytes N              of its input (default 1024)
  --segment FILE.onnx    NVIDIA Triton with this model (uint8 [1,H,W,3] input) instead of our server; without ghz
  --frame WxH            its frame (default 968x608)
  --concurrency N        requests outstanding (default 1)
  --blocks N             two runs of each instrument (default 8)
  --requests N           of each run (default 400)

Examples:
  npm run bench:instruments
  npm run bench:instruments -- --model null --concurrency 4 --blocks 4`;

const OPTIONS = ["peers", "model", "bytes", "segment", "frame", "concurrency", "blocks", "requests"];
const { peers, model, bytes, segment, frame, concurrency, blocks, requests } = optionsOf(
  { name: "bench:instruments", usage: USAGE, options: OPTIONS },
  (given) => {
    const whole = (/** @type {string} */ name, /** @type {number} */ preset) =>
      wholeNumber(`--${name}`, given[name], { least: 1, most: 1e9, preset });
    return {
      peers: given["peers"] ?? PEERS,
      model: given["segment"] === undefined ? (given["model"] ?? "delay-20ms") : "segment",
      bytes: whole("bytes", 1024),
      segment: given["segment"],
      frame: frameOf(given["frame"]),
      concurrency: whole("concurrency", 1),
      blocks: whole("blocks", 8),
      requests: whole("requests", 400),
    };
  },
);
const shape = segment === undefined ? `input:${bytes}` : `input:1,${frame.heightPx},${frame.widthPx},3`;
const perf = perfAnalyzerIn(peers);
const ghzFile = ghzIn(peers);
const missing = [perf.file, ...(segment === undefined ? [ghzFile] : [])].filter((file) => !existsSync(file));
if (missing.length > 0) {
  process.stderr.write(
    `bench:instruments: ${missing.join(" and ")} missing: run test/interop/install.sh clients ghz, or name a folder (--peers)\n`,
  );
  process.exit(2);
}
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
  const triton = await startTriton(peers, repositories.triton);
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
  const load = ["--requests", String(requests), "--repetitions", "1", "--concurrency", String(concurrency)];
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
  const load = ["--concurrency-range", String(concurrency), "--request-count", String(requests), "-f", csv];
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
  const load = ["-n", String(requests), "-c", String(concurrency), "-O", "json"];
  const { stdout } = await run(ghzFile, [...what, ...load, new URL(url).host]);
  /** @type {{ latencyDistribution: { percentage: number, latency: number }[] }} */
  const { latencyDistribution } = JSON.parse(stdout);
  const ms = (/** @type {number} */ percentage) =>
    (latencyDistribution.find((entry) => entry.percentage === percentage)?.latency ?? Number.NaN) / 1e6;
  return { p50Ms: ms(50), p99Ms: ms(99) };
}
