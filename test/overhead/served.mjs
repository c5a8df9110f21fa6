// @ts-check
import { availableParallelism } from "node:os";
import { createRandom } from "../../dist/core/random.js";
import { DEFAULT_MAX_PAYLOAD_BYTES } from "../../dist/core/transport.js";
import { REHEARSAL } from "../../dist/load/rehearse.js";
import { Child } from "../../dist/scenarios/child.js";
import { openModel } from "../../dist/serving/repository.js";
import { optionsOf } from "./crew.mjs";
import { median, pairedDifference } from "./paired.mjs";
import { ScriptProcess } from "./script-process.mjs";

/**
 * `npm run bench:served`: what serving adds to a bare ONNX Runtime loop. The same frame, the same session options; blocks
 * interleaved in random orders and the same backwards. Criterion: served − bare ≤ the round trip of `null` with a message of
 * the same size + 0.5 ms.
 */
const USAGE = `What serving adds to a bare ONNX Runtime loop: m1-small in process and over HTTP and gRPC, in interleaved blocks.

Usage: npm run bench:served`;
optionsOf({ name: "bench:served", usage: USAGE, options: [] }, () => undefined);

const MODEL = "m1-small";
const REPOSITORY = "models";
const FRAME = { widthPx: 968, heightPx: 608 };
const KINDS = /** @type {const} */ (["local", "http", "grpc"]);
const ALLOWED_MS = 0.5;
const SEQUENCES = 16;
/** Short blocks, many of them: the machine drifts within seconds. */
const REQUESTS = { [MODEL]: 3, null: 15 };

/** @type {Set<{ end(): Promise<unknown> }>} */
const processes = new Set();
/** @template {{ end(): Promise<unknown> }} P @param {P} started @returns {P} */
function keep(started) {
  processes.add(started);
  return started;
}
async function endAll() {
  for (const child of [...processes].reverse()) await child.end();
  processes.clear();
}
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => void endAll());

try {
  await measure();
} catch (error) {
  process.stderr.write(`bench:served: ${error instanceof Error ? error.message.split("\n")[0] : error}\n`);
  process.exitCode = 1;
} finally {
  await endAll();
}

async function measure() {
  const threads = availableParallelism();
  await openModel(REPOSITORY, MODEL, { onProgress: (line) => process.stderr.write(`${line}\n`) });
  /** @type {Child<import("../../dist/scenarios/processes/commands.js").ServerCommands>} */
  const server = keep(new Child({ role: "server", tuning: "tuned" }));
  const listeners = /** @type {const} */ (["http", "grpc"]).map((transport) => ({
    transport,
    host: "127.0.0.1",
    port: 0,
  }));
  const { endpoints } = await server.ask("start", {
    listeners,
    core: {
      models: [MODEL, "null", REHEARSAL.model],
      repository: REPOSITORY,
      device: "cpu",
      instances: 1,
      threads,
    },
    warm: [{ content: "rgb8", ...FRAME }],
    tuning: "tuned",
    maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
    qos: 0,
  });
  const endpointOf = { local: undefined, http: endpoints[0], grpc: endpoints[1], bare: undefined };

  /** @type {{ name: string, model: "m1-small" | "null", process: ScriptProcess, p50Ms: number[] }[]} */
  const participants = [];
  for (const model of /** @type {const} */ ([MODEL, "null"])) {
    for (const kind of model === MODEL ? /** @type {const} */ (["bare", ...KINDS]) : KINDS) {
      const client = keep(new ScriptProcess("served-client", "tuned"));
      const endpoint = endpointOf[kind];
      await client.ask("connect", { kind, endpoint, model, repository: REPOSITORY, threads, ...FRAME });
      participants.push({ name: `${model} ${kind}`, model, process: client, p50Ms: [] });
    }
  }
  for (const { process, model } of participants)
    await process.ask("block", { bytes: 0, requests: REQUESTS[model] });
  const random = createRandom(1);
  for (let sequence = 0; sequence < SEQUENCES; sequence++) {
    const order = participants
      .map((participant) => ({ participant, key: random.fraction() }))
      .toSorted((a, b) => a.key - b.key)
      .map(({ participant }) => participant);
    for (const participant of [...order, ...order.toReversed()]) {
      const { latenciesNs } = await participant.process.ask("block", {
        bytes: 0,
        requests: REQUESTS[participant.model],
      });
      participant.p50Ms.push(median(latenciesNs) / 1e6);
    }
  }
  report(new Map(participants.map(({ name, p50Ms }) => [name, p50Ms])), threads);
}

/** @param {ReadonlyMap<string, readonly number[]>} series @param {number} threads */
function report(series, threads) {
  const of = (/** @type {string} */ name) => series.get(name) ?? [];
  const bare = of(`${MODEL} bare`);
  console.log(`${MODEL}, one outstanding, ${threads} threads, ${bare.length} pairs of blocks; medians in ms`);
  console.log(`bare ONNX Runtime loop  ${median(bare).toFixed(2)}`);
  for (const kind of KINDS) {
    const served = of(`${MODEL} ${kind}`);
    const { estimate, low, high } = pairedDifference(bare, served);
    const middle = median(served.map((value, i) => value - (bare[i] ?? 0)));
    const allowed = median(of(`null ${kind}`)) + ALLOWED_MS;
    const verdict = middle <= allowed ? "met" : "missed";
    console.log(
      `${kind.padEnd(5)} served ${median(served).toFixed(2)}, served − bare: median ${middle.toFixed(2)}, mean ${estimate.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}], ` +
        `allowed ${allowed.toFixed(2)} (null ${(allowed - ALLOWED_MS).toFixed(2)} + ${ALLOWED_MS}): ${verdict}`,
    );
  }
}
