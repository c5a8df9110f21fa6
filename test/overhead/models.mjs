// @ts-check
import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { createRandom } from "../../dist/core/random.js";
import { DEFAULT_MAX_PAYLOAD_BYTES } from "../../dist/core/transport.js";
import { createResultsFolder } from "../../dist/reporting/results-folder.js";
import { Child } from "../../dist/scenarios/child.js";
import { listModels } from "../../dist/serving/list-models.js";
import { openModel } from "../../dist/serving/repository.js";
import { trialSize } from "../../dist/serving/try-model.js";
import { runScript, UsageError, wholeNumber } from "./crew.mjs";
import { KINDS, modelsCsv, modelsTable } from "./models-report.mjs";
import { median } from "./paired.mjs";
import { ScriptProcess } from "./script-process.mjs";

/**
 * `npm run bench:models`: every model of the repository with what it is (parameters, multiply-accumulates, bytes) and what one
 * picture takes: by a bare ONNX Runtime loop, through the engine in the same process, and over gRPC. Blocks of the three are
 * interleaved in random orders and the same backwards; each model has processes of its own.
 *
 * @typedef {import("./models-report.mjs").Kind} Kind
 * @typedef {import("./models-report.mjs").Row} Row
 */
const USAGE = `The models of the repository: size, cost, and the time of one picture (bare loop, local, grpc).

Usage: npm run bench:models -- [options]
  --model LIST        these models, generated where they are not there (default: all that are in the repository)
  --repetitions N     each kind is measured in 2 N blocks (default 3)
  --seconds N         of measuring for each model, as near as whole requests allow (default 20)
  --threads N         ONNX Runtime's threads (default: 2, or the one core)
  --out DIR           where the folder with models.csv goes (default results)
  --repository DIR    (default models)

Examples:
  npm run bench:models
  npm run bench:models -- --model m1-small,m2,m3 --repetitions 2 --seconds 60`;

const SEED = 1;
const MOST_REQUESTS = 50;

await runScript("bench:models", async (crew) => {
  const options = readArguments();
  if (options === undefined) {
    console.log(USAGE);
    return;
  }
  const startedAt = new Date();
  const { names, notes } = await chooseModels(options);
  for (const note of notes) process.stderr.write(`${note}\n`);
  /** @type {Row[]} */
  const rows = [];
  /** @type {string[]} */
  const failures = [];
  for (const name of names) {
    try {
      rows.push(await measureModel(crew, name, options));
    } catch (error) {
      // One model that does not run must not cost the others' numbers.
      if (crew.hasEnded) throw error;
      failures.push(`${name}: ${error instanceof Error ? error.message.split("\n")[0] : error}`);
    }
    process.stderr.write(`${name} done (${rows.length + failures.length} of ${names.length})\n`);
  }
  if (rows.length > 0) {
    const folder = await createResultsFolder(options.out, startedAt, "models");
    await writeFile(path.join(folder, "models.csv"), modelsCsv(rows, options.threads));
    console.log(
      `One picture at a time, ${options.threads} threads, Node.js ${process.versions.node}; medians in ms of interleaved blocks`,
    );
    for (const line of modelsTable(rows)) console.log(line);
    console.log(path.join(folder, "models.csv"));
  }
  if (failures.length > 0) throw new Error(failures.join("; "));
});

/**
 * @param {import("./crew.mjs").Crew} crew
 * @param {string} name
 * @param {{ readonly repository: string, readonly repetitions: number, readonly seconds: number, readonly threads: number }} options
 * @returns {Promise<Row>}
 */
async function measureModel(crew, name, { repository, repetitions, seconds, threads }) {
  const { recipe, signature } = await openModel(repository, name);
  const size = trialSize(/** @type {import("../../dist/serving/recipe.js").Recipe} */ (recipe), signature);
  /** @type {{ end(): Promise<unknown> }[]} */
  const started = [];
  try {
    const server = crew.add(
      /** @type {Child<import("../../dist/scenarios/processes/commands.js").ServerCommands>} */ (
        new Child({ role: "server", tuning: "tuned" })
      ),
    );
    started.push(server);
    const { endpoints } = await server.ask("start", {
      listeners: [{ transport: "grpc", host: "127.0.0.1", port: 0 }],
      core: { models: [name], repository, device: "cpu", instances: 1, threads },
      warm: [{ content: "rgb8", ...size }],
      tuning: "tuned",
      maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
      qos: 0,
    });
    const connect = async (/** @type {Kind} */ kind) => {
      const client = crew.add(new ScriptProcess("served-client", "tuned"));
      started.push(client);
      const endpoint = kind === "grpc" ? endpoints[0] : undefined;
      await client.ask("connect", { kind, endpoint, model: name, repository, threads, ...size });
      return client;
    };
    const clients = {
      bare: await connect("bare"),
      local: await connect("local"),
      grpc: await connect("grpc"),
    };
    const block = async (/** @type {Kind} */ kind, /** @type {number} */ requests) => {
      const { latenciesNs } = await clients[kind].ask("block", { bytes: 0, requests });
      return Array.from(latenciesNs, (ns) => ns / 1e6);
    };
    // The first request still faults memory in; the second says how long one takes.
    const times = [];
    for (const kind of KINDS) times.push((await block(kind, 2)).at(-1) ?? 0);
    const blockMs = (seconds * 1_000) / (2 * repetitions * KINDS.length);
    const requests = Math.max(1, Math.min(MOST_REQUESTS, Math.floor(blockMs / median(times))));

    const { fraction } = createRandom(SEED);
    /** @type {Record<Kind, number[]>} */
    const foundMs = { bare: [], local: [], grpc: [] };
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const order = KINDS.map((kind) => ({ kind, key: fraction() })).toSorted((a, b) => a.key - b.key);
      for (const { kind } of [...order, ...order.toReversed()])
        foundMs[kind].push(...(await block(kind, requests)));
    }
    const listed = (await listModels(repository)).find((model) => model.name === name);
    return {
      listed: listed ?? { name, state: "ready" },
      size,
      p50Ms: { bare: median(foundMs.bare), local: median(foundMs.local), grpc: median(foundMs.grpc) },
      requests: foundMs.bare.length,
    };
  } finally {
    for (const member of started.reverse()) await crew.release(member);
  }
}

/**
 * Which models to measure. Those that are named must all be fit for it; of the repository's the others are left out.
 * @param {{ readonly repository: string, readonly models: readonly string[] | undefined }} options
 */
async function chooseModels({ repository, models }) {
  const listed = await listModels(repository);
  const there = listed.filter(({ state }) => state === "ready").map(({ name }) => name);
  const onDemand = listed.filter(({ state }) => state === "on demand").map(({ name }) => name);
  /** @type {string[]} */
  const names = [];
  const notes = listed.flatMap(({ name, problem }) =>
    problem === undefined ? [] : [`left out ${name}: ${problem}`],
  );
  for (const name of models ?? there) {
    const { recipe } = await openModel(repository, name, {
      onProgress: (line) => process.stderr.write(`${line}\n`),
    });
    if (recipe !== "raw") names.push(name);
    else if (models === undefined) notes.push(`left out ${name}: its recipe is raw, so it takes no pictures`);
    else throw new UsageError(`model '${name}' has no recipe for pictures (raw)`);
  }
  if (models !== undefined) return { names, notes: [] };
  if (onDemand.length > 0) notes.push(`not generated yet (--model generates them): ${onDemand.join(", ")}`);
  if (names.length > 0) return { names, notes };
  throw new UsageError(
    `no model in ${repository} takes pictures: name some, e.g. --model ${onDemand.slice(0, 2).join(",")}`,
  );
}

/** Undefined: the help is asked for. @throws {UsageError} */
function readArguments() {
  const text = /** @type {const} */ ({ type: "string" });
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        model: text,
        repetitions: text,
        seconds: text,
        threads: text,
        out: text,
        repository: text,
        help: { type: "boolean" },
      },
    }));
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error} (see --help)`);
  }
  if (values.help === true) return undefined;
  const threads = Math.min(2, availableParallelism());
  return {
    models: values.model === undefined ? undefined : [...new Set(values.model.split(","))],
    repository: values.repository ?? "models",
    out: values.out ?? "results",
    repetitions: wholeNumber("--repetitions", values.repetitions, { least: 1, most: 100, preset: 3 }),
    seconds: wholeNumber("--seconds", values.seconds, { least: 1, most: 3_600, preset: 20 }),
    threads: wholeNumber("--threads", values.threads, { least: 1, most: 256, preset: threads }),
  };
}
