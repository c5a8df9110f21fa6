import { type Clock, monotonicClock } from "../core/clock.ts";
import { ServingError, TransportError } from "../core/errors.ts";
import type { ServingCore } from "../core/serving-core.ts";
import { builtinModel } from "./builtin.ts";
import { createBuiltinHost } from "./builtin-host.ts";
import { type CodecClient, startCodecClient } from "./codec-client.ts";
import { describeConfiguration } from "./describe-configuration.ts";
import { createDeviceTurns } from "./device-turns.ts";
import { type EngineOptions, type EngineSettings, engineSettings } from "./engine-options.ts";
import { CLOSING, type ModelHost } from "./model-host.ts";
import { startOnnxHost } from "./onnx-host.ts";
import { openServedModel } from "./served-model.ts";

/** The serving core of the project, and what a report says about it. */
export interface Engine extends ServingCore {
  readonly settings: EngineSettings;
  /** ONNX Runtime's name, e.g. `CPUExecutionProvider`; `builtin` when no model runs on ONNX Runtime. */
  readonly executionProvider: string;
  /** About the device, for the report; each line once. */
  readonly deviceNotes: readonly string[];
  /** Of one model. @throws {TransportError} NOT_FOUND */
  executionProviderOf(modelName: string): string;
}

/** Shared by all models of this process. */
const DEVICE_TURNS = createDeviceTurns();

const SERVER = { name: "wirebench", version: "0.1.0" } as const;

/**
 * Loads models and serves them: ONNX models in worker threads, one per instance, built-in ones on the calling thread.
 * Resolves when every model is warm.
 *
 * @throws {ServingError} ERR_MODEL (unknown, broken), ERR_DEVICE (no usable GPU), ERR_SERVING; nothing is left running.
 */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const settings = engineSettings(options);
  const names = [...new Set(options.models)];
  if (names.length === 0) throw new ServingError("ERR_SERVING", "no model to serve");
  const clock = monotonicClock;
  let codec: CodecClient | undefined;
  const hosts = new Map<string, ModelHost>();
  const closeAll = async (): Promise<void> => {
    await Promise.all([...hosts.values()].map((host) => host.close()));
    await codec?.close();
  };
  try {
    for (const name of names) {
      const builtin = builtinModel(name);
      if (builtin === undefined) {
        hosts.set(name, await startModel(name, options, settings, clock));
        continue;
      }
      codec ??= await startCodecClient();
      hosts.set(name, createBuiltinHost(builtin, { ...settings, codec, clock }));
    }
  } catch (cause) {
    await closeAll();
    throw cause;
  }

  const find = (name: string, version?: string): ModelHost => {
    const host = hosts.get(name);
    if (host === undefined) {
      throw new TransportError(
        "NOT_FOUND",
        `unknown model '${name}'; there is: ${[...hosts.keys()].join(", ")}`,
      );
    }
    const [own] = host.metadata.versions;
    if (version !== undefined && version !== "" && version !== own) {
      throw new TransportError("NOT_FOUND", `model '${name}' has no version '${version}'; there is: ${own}`);
    }
    return host;
  };
  const findToInfer = (name: string, version?: string): ModelHost => {
    if (closing !== undefined) throw new TransportError("UNAVAILABLE", CLOSING);
    return find(name, version);
  };
  let closing: Promise<void> | undefined;
  const providers = [...hosts.values()].map((host) => host.executionProvider);
  return {
    settings,
    executionProvider: providers.find((provider) => provider !== "builtin") ?? "builtin",
    deviceNotes: [...new Set([...hosts.values()].flatMap((host) => host.deviceNotes))],
    executionProviderOf: (name) => find(name).executionProvider,
    serverMetadata: () => ({
      ...SERVER,
      extensions: ["binary_tensor_data", "model_configuration", "statistics"],
    }),
    isReady: () => closing === undefined && [...hosts.values()].every((host) => host.isReady()),
    isModelReady: (name, version) => closing === undefined && find(name, version).isReady(),
    modelNames: () => [...hosts.keys()],
    modelMetadata: (name, version) => find(name, version).metadata,
    modelConfiguration(name, version) {
      const { metadata, batching } = find(name, version);
      return describeConfiguration(metadata, { ...settings, batching });
    },
    statistics: (name, version) =>
      (name === undefined ? [...hosts.values()] : [find(name, version)]).map((host) => host.statistics()),
    infer: async (request, signal) => {
      const submittedNs = clock.nowNs();
      return findToInfer(request.modelName, request.modelVersion).infer(request, signal, submittedNs);
    },
    inferEncoded: async (body, codecName, context, signal) => {
      const submittedNs = clock.nowNs();
      const host = findToInfer(context.modelName, context.modelVersion);
      return host.inferEncoded({ body, codec: codecName, context }, signal, submittedNs);
    },
    close: () => {
      closing ??= closeAll();
      return closing;
    },
  };
}

async function startModel(
  name: string,
  options: EngineOptions,
  settings: EngineSettings,
  clock: Clock,
): Promise<ModelHost> {
  const { model, path, weights, batching } = await openServedModel(
    options.repositoryDir,
    name,
    options.recipe,
    options.onProgress,
  );
  const warmUp = options.warmUpContents ?? [
    { content: model.recipe === "raw" ? ("tensor" as const) : ("rgb8" as const) },
  ];
  const { instances: _, maxQueue: __, ...session } = settings;
  return startOnnxHost({
    model,
    worker: { model, path, settings: { ...session, deviceTurns: DEVICE_TURNS }, warmUp },
    settings,
    batching,
    properties: {
      wirebench_weights: weights,
      wirebench_recipe: model.recipe === "raw" ? "raw" : JSON.stringify(model.recipe),
    },
    clock,
  });
}
