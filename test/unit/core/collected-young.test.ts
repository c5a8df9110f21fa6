import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { Cancellation } from "../../../src/core/cancellation.ts";
import { InFlightMap, InFlightSet } from "../../../src/core/in-flight.ts";
import { type InferRequest, withParameters } from "../../../src/core/inference.ts";
import { parseInferRequest, parseInferResponse, writeInferRequest } from "../../../src/core/oip/json.ts";
import { IN_NS, INFER_NS, QUEUE_NS, timedParameters } from "../../../src/core/parameters.ts";

const CALLS = 2000;
/** Bytes that a call may leave: what is collected leaves 0 to 12, an object that is not takes a hundred and more. */
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

const open = new InFlightMap<number, InferRequest>();
const calls = new InFlightSet<InferRequest>();

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
  InFlightMap: () => open.set(1, request).set(2, request).delete(1) && open.delete(2),
  InFlightSet: () => calls.add(request).delete(request),
  withParameters: () => withParameters(request, { timeout: 7 }),
  writeInferRequest: () => writeInferRequest(request, "binary"),
  parseInferRequest: () => parseInferRequest(body, { modelName: "null", headerBytes: written.headerBytes }),
  parseInferResponse: () => parseInferResponse(answer),
};

setFlagsFromString("--expose-gc");
const collect: (options: { readonly type: "minor" }) => void = runInNewContext("gc");

describe("what a request leaves is collected young", () => {
  test.each(Object.keys(ON_EVERY_REQUEST))("%s", (name) => {
    expect(leftBytes(ON_EVERY_REQUEST[name]!)).toBeLessThan(MOST_BYTES);
  });

  test("a Map that one entry enters and leaves is not, once it is old", () => {
    const map = new Map<number, InferRequest>();
    expect(leftBytes(() => map.set(1, request).delete(1))).toBeGreaterThan(MOST_BYTES);
  });

  // Node 24 collects it.
  test.runIf(process.versions.node.startsWith("20."))(
    "an object whose literal begins with a copy and goes on is not: what this test is for",
    () => {
      const source = { first: 1, second: 2 };
      expect(leftBytes(() => ({ ...source, third: 3 }))).toBeGreaterThan(MOST_BYTES);
    },
  );
});

/** What a call leaves on the heap after collections of the young generation alone, bytes: the median of five looks. */
function leftBytes(call: () => unknown): number {
  const run = (): void => {
    for (let i = 0; i < CALLS; i += 1) call();
  };
  run();
  const looks = Array.from({ length: 5 }, () => {
    const before = bytesAfterYoungCollections();
    run();
    return (bytesAfterYoungCollections() - before) / CALLS;
  });
  return looks.sort((a, b) => a - b)[2] ?? Number.NaN;
}

/** An object is moved at most twice before it is old or gone. */
function bytesAfterYoungCollections(): number {
  for (let i = 0; i < 3; i += 1) collect({ type: "minor" });
  return getHeapStatistics().used_heap_size;
}
