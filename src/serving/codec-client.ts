import { TransportError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import type { CodecAnswer, CodecCall } from "./codec-protocol.ts";
import { CLOSING, type EncodedBody } from "./model-host.ts";
import { transferTensors, transferViews } from "./tensor-transfer.ts";
import type { WantedOutput } from "./wanted-outputs.ts";
import { startWorkerCalls, type WorkerCalls } from "./worker-calls.ts";

type Calls = WorkerCalls<CodecCall, CodecAnswer, null>;
type Parsed = Extract<CodecAnswer, { kind: "parsed" }>;
type Written = Extract<CodecAnswer, { kind: "written" }>;
type Classified = Extract<CodecAnswer, { kind: "classified" }>;

/**
 * Reads and writes text bodies in a worker thread. The first use starts it, and the next one where it has ended by itself; each may
 * reject with ServingError ERR_SERVING when it cannot be started.
 */
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

export function createCodecClient(): CodecClient {
  let current: Promise<Calls> | undefined;
  let isClosed = false;
  const start = (): Promise<Calls> => {
    const forget = (): void => {
      if (current === starting) current = undefined;
    };
    const starting: Promise<Calls> = startWorkerCalls<CodecCall, CodecAnswer, null>({
      entry: new URL("./codec-worker.js", import.meta.url),
      workerData: undefined,
      what: "the worker that reads text bodies",
      onDeath: forget,
    });
    starting.catch(forget);
    return starting;
  };
  const call = async (request: CodecCall, buffers: readonly ArrayBuffer[]): Promise<CodecAnswer> => {
    if (isClosed) throw new TransportError("UNAVAILABLE", CLOSING);
    current ??= start();
    return (await current).call(request, buffers);
  };
  return {
    async parse(encoded) {
      const { views, buffers } = transferViews([encoded.body]);
      return (await call({ kind: "parse", ...encoded, body: views[0]! }, buffers)) as Parsed;
    },
    async write(outputs, form) {
      const { tensors, buffers } = transferTensors(outputs);
      return (await call({ kind: "write", outputs: tensors, form }, buffers)) as Written;
    },
    async classify(outputs, wanted) {
      const { tensors, buffers } = transferTensors(outputs);
      return ((await call({ kind: "classify", outputs: tensors, wanted }, buffers)) as Classified).outputs;
    },
    async close() {
      isClosed = true;
      await (await current?.catch(() => undefined))?.close();
    },
  };
}
