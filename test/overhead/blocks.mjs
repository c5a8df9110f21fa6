// @ts-check
import { obey } from "../../dist/scenarios/processes/obey.js";

/**
 * What a block of requests, one after another, took.
 * @typedef {{ readonly latenciesNs: Float64Array, readonly cpuUs: number }} Block
 */

/**
 * A client of which blocks can be asked.
 * @typedef {object} BlockClient
 * @property {(order: { readonly bytes: number, readonly requests: number }) => Promise<Float64Array>} measure
 *   nanoseconds of each request.
 * @property {() => void | Promise<void>} close
 */

/**
 * Makes this process a client that measures blocks of requests as it is told to over IPC: `connect`, then `block`.
 *
 * @template Target
 * @param {(target: Target) => Promise<BlockClient>} connect
 */
export function answerBlocks(connect) {
  /** @type {BlockClient | undefined} */
  let client;
  obey(
    {
      /** @param {Target} target */
      async connect(target) {
        client = await connect(target);
      },
      /** @param {{ readonly bytes: number, readonly requests: number }} order @returns {Promise<Block>} */
      async block(order) {
        if (client === undefined) throw new Error("not connected");
        const from = process.cpuUsage();
        const latenciesNs = await client.measure(order);
        const { user, system } = process.cpuUsage(from);
        return { latenciesNs, cpuUs: user + system };
      },
    },
    async () => {
      await client?.close();
    },
  );
}

/**
 * The loop of the bare clients: the next request goes out when the answer to the last one is there.
 *
 * @template Answer
 * @param {number} requests
 * @param {() => Promise<Answer>} send
 * @param {(answer: Answer) => void} check - throws for an answer that is none; sees the last one.
 */
export async function timeEach(requests, send, check) {
  const latenciesNs = new Float64Array(requests);
  let answer;
  for (let i = 0; i < requests; i++) {
    const startNs = process.hrtime.bigint();
    answer = await send();
    latenciesNs[i] = Number(process.hrtime.bigint() - startNs);
  }
  check(/** @type {Answer} */ (answer));
  return latenciesNs;
}

/**
 * Keeps the last result of a function: a client's message is made once per size.
 *
 * @template Made
 * @param {(bytes: number) => Made} make
 * @returns {(bytes: number) => Made}
 */
export function lastOf(make) {
  /** @type {{ readonly bytes: number, readonly made: Made } | undefined} */
  let last;
  return (bytes) => {
    if (last?.bytes !== bytes) last = { bytes, made: make(bytes) };
    return last.made;
  };
}
