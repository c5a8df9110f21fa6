import { getHeapSpaceStatistics } from "node:v8";
import { describe, expect, test } from "vitest";
import { Cancellation } from "../../../src/core/cancellation.ts";
import { type InferRequest, withParameters } from "../../../src/core/inference.ts";
import { parseInferRequest, parseInferResponse, writeInferRequest } from "../../../src/core/oip/json.ts";
import { IN_NS, INFER_NS, QUEUE_NS, timedParameters } from "../../../src/core/parameters.ts";

/** Enough for many collections of the young generation. */
const CALLS = 40_000;
/** Bytes of the old generation for each call: an object that survives takes a hundred and more. */
const MOST_BYTES = 40;

const request: InferRequest = {
  modelName: "null",
  id: "1-7",
  parameters: { timeout: 5 },
  inputs: [{ name: "input", datatype: "UINT8", shape: [4], data: new Uint8Array(4) }],
};
const written = writeInferRequest(request, "binary");
const body = new Uint8Array(Buffer.concat(written.parts));
const answer = new TextEncoder().encode(
  JSON.stringify({
    model_name: "null",
    outputs: [{ name: "output", shape: [1], datatype: "UINT8", data: [1] }],
    parameters: { [IN_NS]: 1.5 },
  }),
);

const ON_EVERY_REQUEST: Readonly<Record<string, () => unknown>> = {
  Cancellation: () => {
    const gone = new Cancellation();
    const onAbort = (): void => {};
    gone.addEventListener("abort", onAbort, { once: true });
    gone.removeEventListener("abort", onAbort);
    return gone;
  },
  timedParameters: () =>
    timedParameters(
      { parameters: { [QUEUE_NS]: 1.5, [INFER_NS]: 2.5 }, finishedNs: 3.5 },
      { inNs: 1.5, decodeNs: 2, nowNs: () => 7.5, clockId: "clock" },
    ),
  withParameters: () => withParameters(request, { timeout: 7 }),
  writeInferRequest: () => writeInferRequest(request, "binary"),
  parseInferRequest: () => parseInferRequest(body, { modelName: "null", headerBytes: written.headerBytes }),
  parseInferResponse: () => parseInferResponse(answer),
};

describe("what a request leaves is collected young", () => {
  test.each(Object.keys(ON_EVERY_REQUEST))("%s", (name) => {
    expect(promotedBytes(ON_EVERY_REQUEST[name]!)).toBeLessThan(MOST_BYTES);
  });

  test("an object whose literal begins with a copy and goes on is not: what this test is for", () => {
    const source = { first: 1, second: 2 };
    expect(promotedBytes(() => ({ ...source, third: 3 }))).toBeGreaterThan(MOST_BYTES);
  });
});

/** By how much a call lets the old generation grow, bytes. */
function promotedBytes(call: () => unknown): number {
  const run = (calls: number): void => {
    for (let i = 0; i < calls; i += 1) call();
  };
  run(CALLS);
  const before = oldBytes();
  run(CALLS);
  return (oldBytes() - before) / CALLS;
}

function oldBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === "old_space")?.space_used_size ?? 0;
}
