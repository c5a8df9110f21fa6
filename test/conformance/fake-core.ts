import { parseBody, writeAnswerBody } from "../../dist/core/body-codec.js";
import type { CancelSignal } from "../../dist/core/cancellation.js";
import { monotonicClock } from "../../dist/core/clock.js";
import { TransportError } from "../../dist/core/errors.js";
import type { InferRequest, InferResponse } from "../../dist/core/inference.js";
import type {
  ModelConfiguration,
  ModelMetadata,
  ModelStatistics,
  RepositoryEntry,
} from "../../dist/core/metadata.js";
import { DELAY_US, INFER_NS, QUEUE_NS } from "../../dist/core/parameters.js";
import type { EncodedResponse, ServingCore } from "../../dist/core/serving-core.js";
import { isFailureStatus } from "../../dist/core/status.js";
import type { Tensor } from "../../dist/core/tensor.js";

/**
 * A serving core for tests, with these models:
 * `echo` answers its inputs and its parameters; `delay` waits `wirebench_delay_us`, unless aborted, and answers one byte;
 * `fail` throws the status and the message of its parameters; `grow` answers as many bytes as its parameter `bytes`.
 * Its repository also holds `spare`, which echoes once it was loaded, and `broken`, which cannot be.
 */
export interface FakeCore extends ServingCore {
  /** The ids of the requests that came, and of those whose signal was aborted while they waited. */
  readonly seen: string[];
  readonly aborted: string[];
}

const MODELS = ["delay", "echo", "fail", "grow"];

/** Why `broken` cannot be loaded. */
export const BROKEN = "failed to load 'broken', it is no ONNX model";

const ECHO: ModelMetadata = {
  name: "echo",
  versions: ["1"],
  platform: "wirebench_builtin",
  inputs: [{ name: "input", datatype: "UINT8", shape: [-1, -1] }],
  outputs: [{ name: "input", datatype: "UINT8", shape: [1, -1, 608, 968] }],
  properties: { recipe: '{"colour":"rgb"}' },
};

export const CONFIGURATION: ModelConfiguration = {
  name: "echo",
  platform: "wirebench_builtin",
  backend: "wirebench",
  max_batch_size: 8,
  input: [{ name: "input", data_type: "TYPE_UINT8", dims: [-1, 3] }],
  output: [{ name: "input", data_type: "TYPE_STRING", dims: [1] }],
  instance_group: [{ name: "echo_0", kind: "KIND_CPU", count: 2 }],
  dynamic_batching: { preferred_batch_size: [4, 8], max_queue_delay_microseconds: 500 },
};

const COMPUTE = {
  computeInput: { count: 3, ns: 30 },
  computeInfer: { count: 3, ns: 300 },
  computeOutput: { count: 3, ns: 33 },
};

export const STATISTICS: ModelStatistics = {
  name: "echo",
  version: "1",
  lastInferenceMs: 1_700_000_000_123,
  inferenceCount: 6,
  executionCount: 3,
  success: { count: 4, ns: 9_007_199_254_740_991 },
  fail: { count: 1, ns: 17 },
  queue: { count: 4, ns: 40 },
  ...COMPUTE,
  batches: [{ batchSize: 2, ...COMPUTE }],
};

export function createFakeCore(): FakeCore {
  const seen: string[] = [];
  const aborted: string[] = [];

  const served = new Set(MODELS);
  const repository = new Map<string, RepositoryEntry>(
    [...MODELS, "spare", "broken"].map((name) => [
      name,
      { name, version: "1", state: served.has(name) ? "READY" : "", reason: "" },
    ]),
  );

  const listed = (modelName: string): RepositoryEntry => {
    const entry = repository.get(modelName);
    if (entry === undefined) throw new TransportError("NOT_FOUND", `unknown model '${modelName}'`);
    return entry;
  };
  const known = (modelName: string, modelVersion?: string): void => {
    listed(modelName);
    if (!served.has(modelName)) {
      throw new TransportError(
        "NOT_FOUND",
        `Request for unknown model: '${modelName}' has no available versions`,
      );
    }
    if (modelVersion !== undefined && modelVersion !== "1") {
      throw new TransportError("NOT_FOUND", `model '${modelName}' has no version '${modelVersion}'`);
    }
  };

  const run = async (request: InferRequest, signal: CancelSignal): Promise<readonly Tensor[]> => {
    const { modelName, parameters = {}, inputs, id } = request;
    const bytes = (data: Uint8Array): Tensor => ({
      name: "output",
      datatype: "UINT8",
      shape: [data.byteLength],
      data,
    });
    if (modelName === "echo" || modelName === "spare") return inputs.map(taken);
    if (modelName === "grow") return [bytes(new Uint8Array(Number(parameters["bytes"])))];
    if (modelName === "fail") {
      const { status, message } = parameters;
      throw new TransportError(isFailureStatus(status) ? status : "UNKNOWN", String(message));
    }
    const delayed = await waited(Number(parameters[DELAY_US] ?? 0) / 1000, signal);
    if (!delayed) {
      aborted.push(id);
      throw TransportError.from(signal.reason);
    }
    return [bytes(Uint8Array.of(1))];
  };

  const infer = async (request: InferRequest, signal: CancelSignal): Promise<InferResponse> => {
    known(request.modelName, request.modelVersion);
    seen.push(request.id);
    const startNs = monotonicClock.nowNs();
    const outputs = await run(request, signal);
    const finishedNs = monotonicClock.nowNs();
    return {
      modelName: request.modelName,
      modelVersion: "1",
      id: request.id,
      parameters: { ...request.parameters, [QUEUE_NS]: 0, [INFER_NS]: finishedNs - startNs },
      outputs,
      finishedNs,
    };
  };

  return {
    seen,
    aborted,
    infer,
    serverMetadata: () => ({
      name: "fake",
      version: "1.2.3",
      extensions: ["binary_tensor_data", "statistics"],
    }),
    isReady: () => true,
    isModelReady: (modelName, modelVersion) => {
      if (listed(modelName).state === "UNAVAILABLE") return false;
      known(modelName, modelVersion);
      return true;
    },
    modelNames: () => [...served],
    modelMetadata: (modelName, modelVersion) => {
      known(modelName, modelVersion);
      return { ...ECHO, name: modelName };
    },
    modelConfiguration(modelName, modelVersion) {
      known(modelName, modelVersion);
      return CONFIGURATION;
    },
    statistics(modelName, modelVersion) {
      if (modelName !== undefined) known(modelName, modelVersion);
      return [STATISTICS];
    },
    async inferEncoded(body, codec, context, signal): Promise<EncodedResponse> {
      const { request, form } = parseBody(codec, body, context);
      const { outputs, parameters = {}, finishedNs = 0, ...head } = await infer(request, signal);
      const { json, binary, described } = writeAnswerBody(form, outputs);
      return { ...head, parameters, outputs: json, binary, described, finishedNs };
    },
    repositoryIndex: () => Promise.resolve([...repository.values()]),
    async loadModel(modelName) {
      const entry = listed(modelName);
      if (modelName === "broken") {
        repository.set(modelName, { ...entry, state: "UNAVAILABLE", reason: BROKEN });
        throw new TransportError("INVALID_ARGUMENT", BROKEN);
      }
      served.add(modelName);
      repository.set(modelName, { ...entry, state: "READY", reason: "" });
    },
    async unloadModel(modelName) {
      const entry = listed(modelName);
      served.delete(modelName);
      repository.set(modelName, { ...entry, state: "UNAVAILABLE", reason: "unloaded" });
    },
    close: () => Promise.resolve(),
  };
}

/** The core owns what it is given: the input's bytes are not the same afterwards, as when they move to a worker. */
function taken(input: Tensor): Tensor {
  const data = input.data.slice();
  input.data.fill(0xee);
  return { ...input, data, parameters: undefined };
}

/** Waits; false when the signal is aborted before the time is over. */
function waited(delayMs: number, signal: CancelSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(false);
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve(true);
    }, delayMs);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
