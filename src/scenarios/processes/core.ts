import { createEngine, type Engine } from "../../serving/engine.ts";
import type { WarmUpContent } from "../../serving/worker-protocol.ts";
import type { CoreFacts, CoreSpec } from "./commands.ts";
import { recipeOf } from "./recipe-of.ts";

/**
 * The serving core that a spec describes.
 *
 * @param warm - what it is to have run before it is ready, so that no session is built during a measurement.
 * @param onNote - told what of a model's configuration is passed over, a line each, whenever the model is loaded.
 */
export async function createCore(
  spec: CoreSpec,
  warm?: readonly WarmUpContent[],
  onNote?: (line: string) => void,
): Promise<Engine> {
  return createEngine({
    models: spec.models,
    repositoryDir: spec.repository,
    device: spec.device,
    instances: spec.instances,
    intraOpThreads: spec.threads,
    cores: spec.cores,
    maxQueue: spec.maxQueue,
    recipe: await recipeOf(spec),
    warmUpContents: warm,
    onProgress: onNote,
  });
}

/** What a report says about a core. */
export function coreFacts({ settings, executionProvider, deviceNotes }: Engine): CoreFacts {
  const { instances, intraOpThreads: threads, allowSpinning: spinning } = settings;
  return { executionProvider, deviceNotes, instances, threads, spinning };
}
