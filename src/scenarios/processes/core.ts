import { createEngine, type Engine } from "../../serving/engine.ts";
import type { WarmUpContent } from "../../serving/worker-protocol.ts";
import type { CoreFacts, CoreSpec } from "./commands.ts";
import { recipeOf } from "./recipe-of.ts";

/**
 * The serving core that a spec describes.
 * @param warm - what it is to have run before it is ready, so that no session is built during a measurement.
 */
export async function createCore(spec: CoreSpec, warm?: readonly WarmUpContent[]): Promise<Engine> {
  return createEngine({
    models: spec.models,
    repositoryDir: spec.repository,
    device: spec.device,
    instances: spec.instances,
    intraOpThreads: spec.threads,
    maxQueue: spec.maxQueue,
    recipe: await recipeOf(spec),
    warmUpContents: warm,
  });
}

/** What a report says about a core. */
export function coreFacts({ settings, executionProvider, deviceNotes }: Engine): CoreFacts {
  return { executionProvider, deviceNotes, instances: settings.instances, threads: settings.intraOpThreads };
}
