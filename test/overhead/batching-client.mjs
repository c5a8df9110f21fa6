// @ts-check
import { CONTENT } from "../../dist/core/parameters.js";
import { createMarks, DEFAULT_MAX_PAYLOAD_BYTES } from "../../dist/core/transport.js";
import { obey } from "../../dist/scenarios/processes/obey.js";
import { createTransport } from "../../dist/scenarios/transports.js";
import { createEngine } from "../../dist/serving/engine.js";
import { median } from "./paired.mjs";

/**
 * A client of `batching.mjs`: keeps requests outstanding, each on a connection of its own, and counts the answers. Over `local`
 * the serving core is in this process.
 *
 * @typedef {{ transport: import("../../dist/core/transport.js").TransportName, endpoint?: string, statisticsUrl?: string,
 *   model: string, repository: string, threads: number, outstanding: number, widthPx: number, heightPx: number }} Target
 * @typedef {{ answersPerSec: number, p50Ms: number, batchSize: number, isSame: boolean }} Throughput
 */

const DEADLINE_MS = 60_000;
const CONNECTION = /** @type {const} */ ({
  maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
  tuning: "tuned",
  encoding: "binary",
});

/** @type {Target | undefined} */
let target;
/** @type {import("../../dist/serving/engine.js").Engine | undefined} */
let core;
/** @type {import("../../dist/core/transport.js").InferenceServer | undefined} */
let server;
/** @type {import("../../dist/core/transport.js").InferenceClient[]} */
const clients = [];
let sent = 0;

obey(
  {
    /** @param {Target} asked */
    async connect(asked) {
      target = asked;
      const transport = createTransport(asked.transport);
      if (asked.transport === "local") {
        core = await createEngine({
          models: [asked.model],
          repositoryDir: asked.repository,
          intraOpThreads: asked.threads,
        });
        server = await transport.serve(core, { ...CONNECTION, host: "127.0.0.1", port: 0 });
      }
      const endpoint = server?.endpoint ?? asked.endpoint ?? "";
      for (let i = 0; i < asked.outstanding; i++) clients.push(await transport.connect(endpoint, CONNECTION));
    },
    measure,
  },
  async () => {
    await Promise.all(clients.map((client) => client.destroy()));
    await server?.close();
    await core?.close();
  },
);

/**
 * @param {{ readonly seconds: number }} order
 * @returns {Promise<Throughput>}
 */
async function measure({ seconds }) {
  if (target === undefined) throw new Error("not connected");
  const { model, widthPx, heightPx } = target;
  const [input] = (await /** @type {NonNullable<typeof clients[0]>} */ (clients[0]).modelMetadata(model))
    .inputs;
  const tensor = /** @type {const} */ ({
    name: input?.name ?? "",
    datatype: "UINT8",
    shape: [1, heightPx, widthPx, 3],
    data: new Uint8Array(widthPx * heightPx * 3).map((_, i) => (i * 7) % 251),
    parameters: { [CONTENT]: "rgb8" },
  });
  /** @type {number[]} */
  const latenciesMs = [];
  /** @type {string | undefined} */
  let first;
  let isSame = true;
  const before = await countRuns(target);
  const endMs = performance.now() + seconds * 1_000;

  /** @param {import("../../dist/core/transport.js").InferenceClient} client */
  const keepOne = async (client) => {
    for (let nowMs = performance.now(); nowMs < endMs; ) {
      const request = { modelName: model, id: `${process.pid}-${sent++}`, inputs: [tensor] };
      const { outputs } = await client.infer(request, { marks: createMarks(), deadlineMs: DEADLINE_MS });
      const doneMs = performance.now();
      if (doneMs <= endMs) latenciesMs.push(doneMs - nowMs);
      const found = answerOf(outputs);
      first ??= found;
      isSame &&= found === first;
      nowMs = doneMs;
    }
  };
  await Promise.all(clients.map(keepOne));
  if (latenciesMs.length === 0) throw new Error(`no answer within ${seconds} s: more --seconds are needed`);
  const after = await countRuns(target);
  return {
    answersPerSec: latenciesMs.length / seconds,
    p50Ms: median(latenciesMs),
    batchSize: (after.requests - before.requests) / (after.runs - before.runs),
    isSame,
  };
}

/**
 * What must be the same in every answer: of the best classes the first, of others every byte of the first output.
 * @param {readonly import("../../dist/core/tensor.js").Tensor[]} outputs
 */
function answerOf(outputs) {
  const output = outputs.find(({ name }) => name === "classes") ?? outputs[0];
  if (output === undefined || output.data.byteLength === 0) throw new Error("no answer");
  const bytes = Buffer.from(output.data.buffer, output.data.byteOffset, output.data.byteLength);
  return (output.name === "classes" ? bytes.subarray(0, 4) : bytes).toString("latin1");
}

/**
 * What the core has done so far.
 * @param {Target} target
 * @returns {Promise<{ readonly requests: number, readonly runs: number }>}
 */
async function countRuns({ model, statisticsUrl = "" }) {
  const own = core?.statistics(model)[0];
  if (own !== undefined) return { requests: own.inferenceCount, runs: own.executionCount };
  const answer = /** @type {any} */ (await (await fetch(statisticsUrl)).json());
  const [found] = answer.model_stats;
  return { requests: found.inference_count, runs: found.execution_count };
}
