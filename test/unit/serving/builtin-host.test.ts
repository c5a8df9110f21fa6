import { expect, it } from "vitest";
import { TransportError } from "../../../src/core/errors.ts";
import type { InferRequest } from "../../../src/core/inference.ts";
import type { Tensor } from "../../../src/core/tensor.ts";
import { builtinModel } from "../../../src/serving/builtin.ts";
import { createBuiltinHost } from "../../../src/serving/builtin-host.ts";
import type { CodecClient } from "../../../src/serving/codec-client.ts";

const input: Tensor = { name: "input", datatype: "UINT8", shape: [3], data: Uint8Array.of(1, 2, 3) };
const request: InferRequest = { modelName: "identity", id: "r", inputs: [input] };
const classified: InferRequest = {
  ...request,
  outputs: [{ name: "output", parameters: { classification: 1 } }],
};
const never = new AbortController().signal;
const encoded = {
  body: new Uint8Array(1),
  codec: "oip-json",
  context: { modelName: "identity", headerBytes: 1 },
} as const;

/** A host whose codec does what a test says; each look at the clock takes 10 ns. */
function hostWith(codec: Partial<CodecClient>) {
  const model = builtinModel("identity");
  if (model === undefined) return expect.unreachable();
  let nowNs = 0;
  const unused = (): never => expect.unreachable();
  return createBuiltinHost(model, {
    codec: { parse: unused, write: unused, classify: unused, close: unused, ...codec },
    instances: 1,
    maxQueue: 1,
    device: "cpu",
    clock: {
      nowNs: () => {
        nowNs += 10;
        return nowNs;
      },
    },
  });
}
const refuse = (status: "INVALID_ARGUMENT" | "UNAVAILABLE") => async (): Promise<never> => {
  throw new TransportError(status, "no");
};
const parse: CodecClient["parse"] = async () => ({
  kind: "parsed",
  request,
  form: { codec: "oip-json", binaryOutputs: { byDefault: false, byName: new Map() } },
  parseNs: 7,
});

it("counts what it answers as a success, once, text bodies too", async () => {
  const host = hostWith({
    parse,
    classify: async (outputs) => outputs,
    write: async () => ({ kind: "written", json: new Uint8Array(2), binary: [], described: [] }),
  });
  await host.infer(request, never, 0);
  await host.infer(classified, never, 0);
  await expect(host.inferEncoded(encoded, never, 0)).resolves.toMatchObject({ id: "r" });
  expect(host.statistics()).toMatchObject({
    success: { count: 3 },
    fail: { count: 0 },
    inferenceCount: 3,
    executionCount: 3,
    batches: [{ batchSize: 1, computeInfer: { count: 3 } }],
  });
});

it("counts a request whose classes cannot be told as a failure, and as nothing else", async () => {
  const host = hostWith({ classify: refuse("UNAVAILABLE") });
  await expect(host.infer(classified, never, 0)).rejects.toMatchObject({ status: "UNAVAILABLE" });
  expect(host.statistics()).toMatchObject({
    success: { count: 0 },
    fail: { count: 1 },
    failures: { REJECTED: 1 },
    executionCount: 0,
  });
});

it("counts a body that cannot be read, and an answer that cannot be written, as a failure", async () => {
  const unread = hostWith({ parse: refuse("INVALID_ARGUMENT") });
  await expect(unread.inferEncoded(encoded, never, 0)).rejects.toMatchObject({ status: "INVALID_ARGUMENT" });
  expect(unread.statistics()).toMatchObject({
    success: { count: 0 },
    fail: { count: 1 },
    failures: { OTHER: 1 },
  });
  const unwritten = hostWith({ parse, write: refuse("UNAVAILABLE") });
  await expect(unwritten.inferEncoded(encoded, never, 0)).rejects.toMatchObject({ status: "UNAVAILABLE" });
  expect(unwritten.statistics()).toMatchObject({ success: { count: 0 }, fail: { count: 1 } });
});
