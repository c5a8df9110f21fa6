// @ts-check
import { clockId, monotonicClock } from "../../dist/core/clock.js";
import { DEFAULT_MAX_PAYLOAD_BYTES } from "../../dist/core/transport.js";
import { runClosedLoop } from "../../dist/load/closed-loop.js";
import { createRecorder } from "../../dist/recording/recorder.js";
import { createTransport } from "../../dist/scenarios/transports.js";
import { answerBlocks, lastOf } from "./blocks.mjs";
import { requestOf } from "./message.mjs";

/** Our client as the load generator runs it: transport, closed loop and recorder. A latency is the service time. */
const TIMEOUT_MS = 30_000;

/** @typedef {{ transport: import("../../dist/core/transport.js").TransportName, endpoint: string, tuning: import("../../dist/core/transport.js").Tuning }} Target */

answerBlocks(async (/** @type {Target} */ { transport, endpoint, tuning }) => {
  const client = await createTransport(transport).connect(endpoint, {
    maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
    tuning,
    encoding: "binary",
    qos: 0,
  });
  const sharedOf = lastOf((bytes) => requestOf(bytes, ""));
  let blocks = 0;
  return {
    async measure({ bytes, requests }) {
      const shared = sharedOf(bytes);
      const outputBytes = { sum: 0 };
      const record = await runClosedLoop(
        {
          clients: [client],
          frameCount: 1,
          prepare: (_frame, id) => ({ request: { ...shared, id } }),
          check: ([output]) => {
            outputBytes.sum += output?.data.byteLength ?? 0;
          },
          recorder: createRecorder({ capacity: requests, clockId: clockId() }),
          clock: monotonicClock,
          timeoutMs: TIMEOUT_MS,
          idPrefix: `ours-${process.pid}-${blocks++}-`,
          signal: new AbortController().signal,
        },
        { concurrency: 1, stop: { requests } },
      );
      const [failure] = record.failures;
      if (failure !== undefined) throw new Error(`${failure.count} requests failed: ${failure.firstMessage}`);
      if (outputBytes.sum !== requests)
        throw new Error(`expected ${requests} bytes of answers, got ${outputBytes.sum}`);
      const { startNs, doneNs } = record.columns;
      return doneNs.map((ns, i) => ns - /** @type {number} */ (startNs[i]));
    },
    close: () => client.destroy(),
  };
});
