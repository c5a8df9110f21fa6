import type { Tensor } from "../core/tensor.ts";
import type { WantedOutput } from "./classification.ts";
import type { CodecAnswer, CodecCall } from "./codec-protocol.ts";
import type { EncodedBody } from "./model-host.ts";
import { transferTensors, transferViews } from "./tensor-transfer.ts";
import { startWorkerCalls } from "./worker-calls.ts";

type Parsed = Extract<CodecAnswer, { kind: "parsed" }>;
type Written = Extract<CodecAnswer, { kind: "written" }>;
type Classified = Extract<CodecAnswer, { kind: "classified" }>;

/** Reads and writes text bodies in a worker thread. */
export interface CodecClient {
  /** Takes ownership of the body. @throws {TransportError} INVALID_ARGUMENT */
  parse(body: EncodedBody): Promise<Parsed>;
  /** Takes ownership of the outputs' bytes. */
  write(outputs: readonly Tensor[], form: Parsed["form"]): Promise<Written>;
  /** As `classifyOutputs` does for a model without a batch and labels. Takes ownership of the outputs' bytes. */
  classify(
    outputs: readonly Tensor[],
    wanted: readonly WantedOutput[] | undefined,
  ): Promise<readonly Tensor[]>;
  /** Waits for the calls in flight. */
  close(): Promise<void>;
}

/** Starts the worker. */
export async function startCodecClient(): Promise<CodecClient> {
  const calls = await startWorkerCalls<CodecCall, CodecAnswer, null>({
    entry: new URL("./codec-worker.js", import.meta.url),
    workerData: undefined,
    what: "the worker that reads text bodies",
  });
  return {
    async parse(encoded) {
      const { views, buffers } = transferViews([encoded.body]);
      return (await calls.call({ ...encoded, kind: "parse", body: views[0]! }, buffers)) as Parsed;
    },
    async write(outputs, form) {
      const { tensors, buffers } = transferTensors(outputs);
      return (await calls.call({ kind: "write", outputs: tensors, form }, buffers)) as Written;
    },
    async classify(outputs, wanted) {
      const { tensors, buffers } = transferTensors(outputs);
      const answer = await calls.call({ kind: "classify", outputs: tensors, wanted }, buffers);
      return (answer as Classified).outputs;
    },
    close: () => calls.close(),
  };
}
