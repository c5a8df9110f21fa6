// @ts-check
import { median } from "./paired.mjs";

/** @typedef {import("./rig.mjs").Measured} Measured */
/** @typedef {import("./rig.mjs").Participant} Participant */

/** The sizes of the input tensor: a small message, a camera frame of 968×608 RGB, one of 3,840×2,184. */
export const SIZES_BYTES = /** @type {const} */ ([1_024, 1_769_472, 25_165_824]);
export const SMALL_BYTES = SIZES_BYTES[0];
/** Where `tuned` is compared with `defaults`. */
export const TUNING_BYTES = 1_769_472;

/** Requests before the first block of a fresh process, so that its code is compiled and its heap has its size. */
const WARM_UP_REQUESTS = { 1024: 8_000, 1769472: 300, 25165824: 6 };
/** The warm-up before a size's first block also tells how many requests a block takes. */
const MOST_SIZING_REQUESTS = 300;
/** A B B A for each size in a round: two pairs of blocks each time. Many short blocks: the machine drifts within seconds. */
const SEQUENCES = 7;
const BLOCK_MS = 70;
const BLOCK_REQUESTS = { least: 7, most: 3_000 };

/** Pairs of blocks that a round adds to every size. */
export const PAIRS_PER_ROUND = 2 * SEQUENCES;

/**
 * One transport at one size: a number for each block, pairs at the same index. Times in milliseconds, CPU time of the
 * client process in microseconds per request.
 * @typedef {Record<Participant, { readonly p50Ms: number[], readonly cpuUs: number[] }>} Series
 */

/** @returns {Series} */
export function createSeries() {
  const empty = () => ({ p50Ms: [], cpuUs: [] });
  return { bare: empty(), ours: empty(), echo: empty(), defaults: empty() };
}

/** Who takes part. @param {Measured} transport @param {number} bytes @returns {readonly Participant[]} */
export function participantsOf(transport, bytes) {
  const tuning = transport === "grpc" && bytes === TUNING_BYTES;
  return ["bare", "ours", "echo", ...(tuning ? [/** @type {const} */ ("defaults")] : [])];
}

/**
 * One round of a transport: fresh client processes, warmed with small messages, then for every size a random order of the
 * participants and the same backwards (A B B A), which cancels a steady drift, and that again in another order.
 *
 * @param {import("./rig.mjs").Rig} rig
 * @param {Measured} transport
 * @param {object} options
 * @param {(bytes: number) => Series} options.seriesOf
 * @param {() => number} options.random - uniform in [0, 1).
 * @param {number} options.effort - 1, or less to make shorter blocks where time runs out.
 */
export async function runRound(rig, transport, { seriesOf, random, effort }) {
  /** @type {Map<Participant, import("./script-process.mjs").ScriptProcess>} */
  const clients = new Map();
  try {
    for (const participant of participantsOf(transport, TUNING_BYTES)) {
      clients.set(participant, await rig.client(participant, transport));
    }
    for (const participant of clients.keys()) {
      await block(clients, participant, { bytes: SMALL_BYTES, requests: WARM_UP_REQUESTS[SMALL_BYTES] });
    }
    for (const bytes of shuffled(SIZES_BYTES, random)) {
      const participants = participantsOf(transport, bytes);
      /** @type {Map<Participant, number>} */
      const counts = new Map();
      for (const participant of participants) {
        const requests = Math.min(WARM_UP_REQUESTS[bytes], MOST_SIZING_REQUESTS);
        const { latenciesNs } = await block(clients, participant, { bytes, requests });
        counts.set(participant, blockRequests(latenciesNs, BLOCK_MS * effort));
      }
      for (let i = 0; i < SEQUENCES; i++) {
        const order = shuffled(participants, random);
        for (const participant of [...order, ...order.toReversed()]) {
          const requests = counts.get(participant) ?? BLOCK_REQUESTS.least;
          const { latenciesNs, cpuUs } = await block(clients, participant, { bytes, requests });
          const series = seriesOf(bytes)[participant];
          series.p50Ms.push(median(latenciesNs) / 1e6);
          series.cpuUs.push(cpuUs / requests);
        }
      }
    }
  } finally {
    await Promise.all([...clients.values()].map((client) => client.end()));
  }
}

/**
 * @param {ReadonlyMap<Participant, import("./script-process.mjs").ScriptProcess>} clients
 * @param {Participant} participant
 * @param {{ readonly bytes: number, readonly requests: number }} order
 * @returns {Promise<import("./blocks.mjs").Block>}
 */
async function block(clients, participant, order) {
  return clients.get(participant)?.ask("block", order);
}

/**
 * As many requests as fill a block.
 * @param {Float64Array} latenciesNs - of the warm-up; its second half counts.
 * @param {number} blockMs
 */
function blockRequests(latenciesNs, blockMs) {
  const settledMs = median(latenciesNs.subarray(latenciesNs.length >> 1)) / 1e6;
  const { least, most } = BLOCK_REQUESTS;
  return Math.min(most, Math.max(least, Math.round(blockMs / settledMs)));
}

/**
 * A fresh order (Fisher–Yates).
 * @template T
 * @param {readonly T[]} values
 * @param {() => number} random
 * @returns {T[]}
 */
function shuffled(values, random) {
  const order = [...values];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [/** @type {T} */ (order[j]), /** @type {T} */ (order[i])];
  }
  return order;
}
