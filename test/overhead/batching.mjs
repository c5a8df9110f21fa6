// @ts-check
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { DEFAULT_MAX_PAYLOAD_BYTES } from "../../dist/core/transport.js";
import { Child } from "../../dist/scenarios/child.js";
import { modelFolders, openModel } from "../../dist/serving/repository.js";
import { trialSize } from "../../dist/serving/try-model.js";
import { namesOf, runScript, UsageError, wholeNumber } from "./crew.mjs";
import { median, pairedRatio } from "./paired.mjs";
import { ScriptProcess } from "./script-process.mjs";

/**
 * `npm run bench:batching`: throughput of one model with and without dynamic batching, many requests outstanding. Runs are
 * interleaved A B B A, each in new processes; the last line of the output is one JSON object.
 *
 * @typedef {import("../../dist/core/transport.js").TransportName} TransportName
 * @typedef {import("./batching-client.mjs").Throughput} Throughput
 * @typedef {Record<"single" | "batched", Throughput[]>} Pairs
 */
const USAGE = `Throughput of one model with and without dynamic batching: runs A B B A, each in new processes.

Usage: npm run bench:batching -- [options]
  --model NAME        a model with a free batch (default: a MobileNetV2 of the repository, else mobilenetv3-small)
  --outstanding N     requests outstanding, each on a connection of its own (default 16)
  --transport LIST    local, http, grpc, mqtt (default local,grpc)
  --max-batch N       most requests of one run (default 8)
  --delay-us N        how long a request may wait for others, microseconds (default 1000)
  --rounds N          A B B A so often: two pairs each (default 3)
  --seconds N         length of a run (default 3)
  --repository DIR    (default models)

Examples:
  npm run models -- add mobilenet_v2.onnx --labels imagenet_labels.txt && npm run bench:batching
  npm run bench:batching -- --model mobilenetv3-large --outstanding 4 --transport grpc`;

const TRANSPORTS = /** @type {const} */ (["local", "http", "grpc", "mqtt"]);
const FALLBACK = "mobilenetv3-small";
const WARM_UP_SECONDS = 1;
const ORDER = /** @type {const} */ (["single", "batched", "batched", "single"]);

await runScript("bench:batching", async (crew) => {
  const options = readArguments();
  if (options === undefined) {
    console.log(USAGE);
    return;
  }
  const { transports, rounds, seconds, outstanding, maxBatch, delayUs } = options;
  const model = await findModel(options);
  const folder = await mkdtemp(path.join(tmpdir(), "wirebench-batching-"));
  try {
    const threads = availableParallelism();
    const repositories = await writeVariants(folder, model, { maxBatch, delayUs });
    const size = trialSize(
      /** @type {import("../../dist/serving/recipe.js").Recipe} */ (model.recipe),
      model.signature,
    );
    console.log(
      `${model.name}, ${outstanding} requests outstanding, batches of up to ${maxBatch} within ${delayUs} µs, ${threads} threads, ` +
        `Node.js ${process.versions.node}; ${2 * rounds} pairs of runs of ${seconds} s, each in new processes`,
    );
    /** @type {Map<TransportName, Pairs>} */
    const found = new Map(transports.map((transport) => [transport, { single: [], batched: [] }]));
    for (let round = 1; round <= rounds; round++) {
      for (const [transport, pairs] of found) {
        for (const variant of round % 2 === 1 ? ORDER : swapped()) {
          const where = { repository: repositories[variant], transport, model: model.name, threads };
          pairs[variant].push(await runOnce(crew, { ...where, ...size, outstanding, seconds }));
        }
      }
      process.stderr.write(`round ${round} of ${rounds} done\n`);
    }
    report(found);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/**
 * One run in new processes: a server (over `local` the client has the core itself), a broker where there has to be one.
 *
 * @param {import("./crew.mjs").Crew} crew
 * @param {{ readonly repository: string, readonly transport: TransportName, readonly model: string, readonly threads: number,
 *   readonly widthPx: number, readonly heightPx: number, readonly outstanding: number, readonly seconds: number }} order
 * @returns {Promise<Throughput>}
 */
async function runOnce(crew, { repository, transport, model, threads, seconds, ...client }) {
  /** @type {{ end(): Promise<unknown> }[]} */
  const started = [];
  const start = (/** @type {any} */ member) => {
    started.push(crew.add(member));
    return member;
  };
  try {
    const limits = /** @type {const} */ ({ tuning: "tuned", maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES });
    const host = "127.0.0.1";
    let where = {};
    if (transport !== "local") {
      const brokerUrl =
        transport === "mqtt"
          ? await start(new Child({ role: "broker", tuning: "tuned" })).ask("start", {
              host,
              port: 0,
              ...limits,
            })
          : undefined;
      const { endpoints } = await start(new Child({ role: "server", tuning: "tuned" })).ask("start", {
        // The statistics are asked for over HTTP.
        listeners: ["http", transport].map((name) => ({ transport: name, host, port: 0, brokerUrl })),
        core: { models: [model], repository, device: "cpu", instances: 1, threads },
        qos: 0,
        ...limits,
      });
      where = { endpoint: endpoints[1], statisticsUrl: `${endpoints[0]}/v2/models/${model}/stats` };
    }
    const script = start(new ScriptProcess("batching-client", "tuned"));
    await script.ask("connect", { transport, repository, model, threads, ...client, ...where });
    await script.ask("measure", { seconds: WARM_UP_SECONDS });
    return await script.ask("measure", { seconds });
  } finally {
    for (const member of started.reverse()) await crew.release(member);
  }
}

/**
 * The model twice, in two repositories: its file is linked, its configuration differs in `dynamic_batching` alone.
 *
 * @param {string} folder
 * @param {import("../../dist/serving/model-file.js").ModelFile} model
 * @param {{ readonly maxBatch: number, readonly delayUs: number }} policy
 */
async function writeVariants(folder, model, { maxBatch, delayUs }) {
  const { dynamic_batching: _, ...config } = model.config;
  const batching = { preferred_batch_size: [maxBatch], max_queue_delay_microseconds: delayUs };
  const repositories = { single: path.join(folder, "single"), batched: path.join(folder, "batched") };
  for (const [variant, repository] of Object.entries(repositories)) {
    const to = path.join(repository, model.name);
    await mkdir(to, { recursive: true });
    await symlink(path.dirname(path.resolve(model.path)), path.join(to, model.version));
    const own = variant === "batched" ? { dynamic_batching: batching } : {};
    const text = JSON.stringify({ ...config, max_batch_size: maxBatch, ...own });
    await writeFile(path.join(to, "config.json"), text);
  }
  return repositories;
}

/** @param {{ readonly model: string | undefined, readonly repository: string, readonly maxBatch: number }} options */
async function findModel({ model: asked, repository }) {
  const added = (await modelFolders(repository)).find((name) => /mobilenet[-_]?v2/i.test(name));
  const name = asked ?? added ?? FALLBACK;
  const model = await openModel(repository, name, {
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  if (model.recipe === "raw")
    throw new UsageError(`model '${name}' has no recipe for pictures (raw): choose another`);
  if (model.maxBatchSize > 0) return model;
  throw new UsageError(
    `model '${name}' takes one picture a run (its batch is fixed): choose another, e.g. ${FALLBACK}`,
  );
}

/** @param {ReadonlyMap<TransportName, Pairs>} found */
function report(found) {
  const head = [
    "",
    "per s without",
    "per s with",
    "ratio [95 %]",
    "mean batch",
    "p50 ms without",
    "p50 ms with",
    "answers",
  ];
  const rows = [...found].map(([transport, { single, batched }]) => {
    const { estimate, low, high } = ratioOf({ single, batched });
    const isSame = [...single, ...batched].every((run) => run.isSame);
    return [
      transport,
      median(single.map(perSec)).toFixed(1),
      median(batched.map(perSec)).toFixed(1),
      `${estimate.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`,
      median(batched.map(({ batchSize }) => batchSize)).toFixed(1),
      median(single.map(({ p50Ms }) => p50Ms)).toFixed(1),
      median(batched.map(({ p50Ms }) => p50Ms)).toFixed(1),
      isSame ? "the same" : "DIFFER",
    ];
  });
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  for (const row of [head, ...rows]) {
    console.log(
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join("  "),
    );
  }
  console.log(
    "Ratio: with ÷ without, the geometric mean of the pairs; answers: the best class of every answer is the same.",
  );
  const round = (/** @type {number} */ value) => Number(value.toPrecision(5));
  const json = [...found].map(([transport, pairs]) => {
    const { estimate, low, high } = ratioOf(pairs);
    return [transport, { ratio: round(estimate), low: round(low), high: round(high) }];
  });
  console.log(JSON.stringify(Object.fromEntries(json)));
}

/** @param {Pairs} pairs */
function ratioOf({ single, batched }) {
  return pairedRatio(single.map(perSec), batched.map(perSec));
}

/** @param {Throughput} run */
function perSec({ answersPerSec }) {
  return answersPerSec;
}

/** Every second round begins with the other one. @returns {("single" | "batched")[]} */
function swapped() {
  return ORDER.map((variant) => (variant === "single" ? "batched" : "single"));
}

/** Undefined: the help is asked for. @throws {UsageError} */
function readArguments() {
  const text = /** @type {const} */ ({ type: "string" });
  const numbers = { outstanding: text, "max-batch": text, "delay-us": text, rounds: text, seconds: text };
  let values;
  try {
    const options = { ...numbers, model: text, transport: text, repository: text, help: { type: "boolean" } };
    ({ values } = parseArgs({ options: /** @type {any} */ (options) }));
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error} (see --help)`);
  }
  const given = /** @type {Record<string, string | undefined>} */ (values);
  if (given["help"] !== undefined) return undefined;
  const whole = (
    /** @type {string} */ name,
    /** @type {number} */ least,
    /** @type {number} */ most,
    /** @type {number} */ preset,
  ) => wholeNumber(`--${name}`, given[name], { least, most, preset });
  return {
    model: given["model"],
    repository: given["repository"] ?? "models",
    transports: namesOf("--transport", given["transport"], TRANSPORTS, ["local", "grpc"]),
    outstanding: whole("outstanding", 1, 256, 16),
    maxBatch: whole("max-batch", 1, 256, 8),
    delayUs: whole("delay-us", 0, 1_000_000, 1_000),
    rounds: whole("rounds", 1, 100, 3),
    seconds: whole("seconds", 1, 600, 3),
  };
}
