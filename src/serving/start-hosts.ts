import type { Clock } from "../core/clock.ts";
import { builtinModel } from "./builtin.ts";
import { createBuiltinHost } from "./builtin-host.ts";
import { createCodecClient } from "./codec-client.ts";
import { createDeviceTurns } from "./device-turns.ts";
import { type EngineOptions, type EngineSettings, engineSettings } from "./engine-options.ts";
import type { ModelHost } from "./model-host.ts";
import { startOnnxHost } from "./onnx-host.ts";
import { type OpenedModel, openServedVersions } from "./served-model.ts";
import { defaultWarmUp } from "./warm-up.ts";

/** Starts the hosts of models by name. */
export interface HostStarter {
  /**
   * Reads a model and starts a host of each version to serve, ascending; ready when all are warm.
   *
   * @param generate - whether a model of the zoo that is not in the repository is generated.
   * @throws {ServingError} ERR_MODEL, ERR_DEVICE, ERR_SERVING; nothing is left running.
   */
  start(name: string, generate: boolean): Promise<readonly ModelHost[]>;
  /** Ends what the hosts share; they are closed. */
  close(): Promise<void>;
}

/** Shared by all models of this process. */
const DEVICE_TURNS = createDeviceTurns();

/** Makes the starter of an engine. */
export function createHostStarter(options: EngineOptions, clock: Clock): HostStarter {
  const settings = engineSettings(options);
  const codec = createCodecClient();
  return {
    async start(name, generate) {
      const builtin = builtinModel(name);
      if (builtin !== undefined) {
        return [createBuiltinHost(builtin, { ...settings, codec, clock })];
      }
      const { repositoryDir, recipe, onProgress } = options;
      const opened = await openServedVersions(repositoryDir, name, { recipe, onProgress, generate });
      const hosts: ModelHost[] = [];
      try {
        // One after the other: each takes the cores for its warm-up.
        for (const version of opened) hosts.push(await startVersion(version, options, clock));
      } catch (cause) {
        await Promise.all(hosts.map((host) => host.close()));
        throw cause;
      }
      return hosts;
    },
    close: () => codec.close(),
  };
}

async function startVersion(opened: OpenedModel, options: EngineOptions, clock: Clock): Promise<ModelHost> {
  const { model, path, stamp, weights, batching, versionPolicy } = opened;
  const settings: EngineSettings = engineSettings({
    ...options,
    instances: options.instances ?? opened.instances,
  });
  const warmUp = options.warmUpContents ?? defaultWarmUp(model.recipe, opened.isRecipeGiven);
  const { instances: _, maxQueue: __, ...session } = settings;
  return startOnnxHost({
    model,
    worker: { model, path, stamp, settings: { ...session, deviceTurns: DEVICE_TURNS }, warmUp },
    settings,
    batching,
    versionPolicy,
    properties: {
      wirebench_weights: weights,
      wirebench_recipe: model.recipe === "raw" ? "raw" : JSON.stringify(model.recipe),
    },
    clock,
  });
}
