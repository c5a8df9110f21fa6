import type { Placement } from "../../core/cell.ts";
import { BenchError } from "../../core/errors.ts";
import type { Frame } from "../../core/frame.ts";
import type { ModelMetadata } from "../../core/metadata.ts";
import type { Encoding } from "../../core/transport.ts";
import type { ForeignForm } from "../foreign/foreign-form.ts";
import { createPreparation, type FrameWork, needsPipeline, type PreparationSpec } from "../preparation.ts";
import type { CoreSpec } from "./commands.ts";
import { createForeignWork } from "./foreign-work.ts";
import { recipeOf } from "./recipe-of.ts";

export interface FrameWorkOptions {
  readonly core: CoreSpec;
  /** As the server tells it. */
  readonly metadata: ModelMetadata;
  readonly encoding: Encoding;
  readonly placement: Placement;
  readonly frames: readonly Frame[];
  /** Present for a server that is not ours. */
  readonly foreign?: ForeignForm | undefined;
}

/**
 * Sets up the client's own work on frames.
 * @throws {BenchError} when the model has more than one input, or its client-side graphs cannot be made.
 */
export async function createFrameWork(options: FrameWorkOptions): Promise<FrameWork> {
  const { core, metadata, encoding, placement, frames, foreign } = options;
  if (foreign !== undefined) return createForeignWork({ form: foreign, metadata, encoding, frames });
  const [input] = metadata.inputs;
  if (input === undefined || metadata.inputs.length !== 1) {
    throw new BenchError(
      "ERR_MODEL",
      `model '${metadata.name}' has ${metadata.inputs.length} inputs: frames fit only one`,
    );
  }
  const recipe = await recipeOf(core);
  const served = metadata.properties?.["wirebench_recipe"] ?? "raw";
  const spec: PreparationSpec = {
    modelName: metadata.name,
    input,
    encoding,
    placement,
    raw: recipe === "raw" || (recipe === undefined && served === "raw"),
  };
  if (!needsPipeline(spec, frames)) {
    return { preparation: createPreparation(spec, frames, undefined), close: async () => {} };
  }
  // Only where it is needed: a program that is loaded takes part in every garbage collection of the run.
  const { createClientPipeline } = await import("../../serving/client-pipeline.ts");
  const pipeline = await createClientPipeline({
    model: placement === "client" ? { name: metadata.name, repositoryDir: core.repository } : undefined,
    recipe: recipe === "raw" ? undefined : recipe,
  });
  await pipeline.loadFrames(frames);
  return { preparation: createPreparation(spec, frames, pipeline), close: () => pipeline.close() };
}
