import { monotonicClock } from "../core/clock.ts";
import { messageOf, ServingError, TransportError } from "../core/errors.ts";
import type { ModelStatistics } from "../core/metadata.ts";
import type { ServingCore } from "../core/serving-core.ts";
import { builtinModel } from "./builtin.ts";
import { type EngineOptions, type EngineSettings, engineSettings } from "./engine-options.ts";
import { CLOSING, type ModelHost } from "./model-host.ts";
import { ModelSlot } from "./model-slot.ts";
import { ModelSlots } from "./model-slots.ts";
import { modelFolders } from "./repository.ts";
import { repositoryIndex } from "./repository-index.ts";
import { createHostStarter } from "./start-hosts.ts";

/** The serving core of the project, and what a report says about it. */
export interface Engine extends ServingCore {
  /** With the instances that the first ONNX model's configuration asks for, where the options do not say. */
  readonly settings: EngineSettings;
  /** ONNX Runtime's name, e.g. `CPUExecutionProvider`; `builtin` when no model runs on ONNX Runtime. */
  readonly executionProvider: string;
  /** About the device, for the report; each line once. */
  readonly deviceNotes: readonly string[];
  /** Of one model. @throws {TransportError} NOT_FOUND */
  executionProviderOf(modelName: string): string;
}

/** Any time may be in the name of a `delay` model: without a bound clients could load one after another. */
const MOST_BUILTINS = 64;

const SERVER = { name: "wirebench", version: "0.1.0" } as const;

/** Triton's names of what goes beyond the Open Inference Protocol. */
const EXTENSIONS = [
  "binary_tensor_data",
  "classification",
  "model_configuration",
  "model_repository",
  "parameters",
  "statistics",
] as const;

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
  const { repositoryDir } = options;
  const starter = createHostStarter(options, clock);
  const slots = new ModelSlots();
  let isStarted = false;
  const addSlot = (name: string): ModelSlot => {
    const slot = new ModelSlot(name, () => starter.start(name, !isStarted));
    slots.add(slot);
    return slot;
  };
  /** For what a client asks for. */
  const addNew = (name: string): ModelSlot => {
    const builtins = slots.all().filter((slot) => builtinModel(slot.name) !== undefined);
    if (builtinModel(name) !== undefined && builtins.length >= MOST_BUILTINS) {
      throw new TransportError(
        "RESOURCE_EXHAUSTED",
        `failed to load '${name}', ${builtins.length} built-in models are loaded: unload one first`,
      );
    }
    return addSlot(name);
  };
  /** Those that clients loaded leave no trace once they are unloaded. */
  const dropSpare = (slot: ModelSlot): void => {
    if (builtinModel(slot.name) !== undefined && !names.includes(slot.name) && slot.isIdle)
      slots.delete(slot);
  };
  const closeAll = async (): Promise<void> => {
    await Promise.all(slots.all().map((slot) => slot.close()));
    await starter.close();
  };
  try {
    for (const name of names) await addSlot(name).load();
    isStarted = true;
  } catch (cause) {
    await closeAll();
    throw cause;
  }

  let closing: Promise<void> | undefined;
  const checkOpen = (): void => {
    if (closing !== undefined) throw new TransportError("UNAVAILABLE", CLOSING);
  };
  const started = names.map((name) => slots.slot(name));
  const hosts = started.flatMap(({ served }) => served?.hosts ?? []);
  const providers = hosts.map((host) => host.executionProvider);
  return {
    settings: hosts.find((host) => host.settings !== undefined)?.settings ?? settings,
    executionProvider: providers.find((provider) => provider !== "builtin") ?? "builtin",
    deviceNotes: [...new Set(hosts.flatMap((host) => host.deviceNotes))],
    executionProviderOf: (name) => slots.find(name).host.executionProvider,
    serverMetadata: () => ({ ...SERVER, extensions: EXTENSIONS }),
    isReady: () => closing === undefined && started.every((slot) => slot.isFine),
    isModelReady(name, version) {
      if (closing !== undefined || slots.slot(name).served === undefined) return false;
      return slots.find(name, version).host.isReady();
    },
    modelNames: () => slots.servedNames(),
    modelMetadata(name, version) {
      const { host, served } = slots.find(name, version);
      return served.metadataOf(host);
    },
    modelConfiguration: (name, version) => slots.find(name, version).host.configuration,
    statistics(name, version) {
      if (name === undefined) return slots.all().flatMap(({ served }) => statisticsOf(served?.hosts ?? []));
      const all = version === undefined || version === "";
      return statisticsOf(all ? slots.served(name).hosts : [slots.find(name, version).host]);
    },
    repositoryIndex: () => repositoryIndex(repositoryDir, slots.all()),
    async loadModel(name) {
      checkOpen();
      const known = slots.get(name) !== undefined || builtinModel(name) !== undefined;
      if (!known && !(await modelFolders(repositoryDir)).includes(name)) {
        throw new TransportError("NOT_FOUND", `failed to load '${name}', it is not in the repository`);
      }
      checkOpen();
      try {
        await (slots.get(name) ?? addNew(name)).load();
      } catch (cause) {
        if (cause instanceof TransportError) throw cause;
        throw new TransportError("INVALID_ARGUMENT", `failed to load '${name}', ${messageOf(cause)}`, {
          cause,
        });
      }
    },
    async unloadModel(name) {
      checkOpen();
      const slot = slots.slot(name);
      await slot.unload();
      dropSpare(slot);
    },
    infer: async (request, signal) => {
      const submittedNs = clock.nowNs();
      checkOpen();
      const { host, served } = slots.find(request.modelName, request.modelVersion);
      return served.request(() => host.infer(request, signal, submittedNs));
    },
    inferEncoded: async (body, codec, context, signal) => {
      const submittedNs = clock.nowNs();
      checkOpen();
      const { host, served } = slots.find(context.modelName, context.modelVersion);
      return served.request(() => host.inferEncoded({ body, codec, context }, signal, submittedNs));
    },
    close: () => {
      closing ??= closeAll();
      return closing;
    },
  };
}

function statisticsOf(hosts: readonly ModelHost[]): readonly ModelStatistics[] {
  return hosts.map((host) => host.statistics());
}
