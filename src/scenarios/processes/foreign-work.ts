import type { Frame } from "../../core/frame.ts";
import type { ModelMetadata } from "../../core/metadata.ts";
import type { Encoding } from "../../core/transport.ts";
import type { ClientPipelineOptions } from "../../serving/client-pipeline.ts";
import type { ForeignForm } from "../foreign/foreign-form.ts";
import { seededTensors } from "../foreign/seeded-tensors.ts";
import type { FrameWork } from "../preparation.ts";
import { createPreparation, needsPipeline, type Preparation, type PreparationSpec } from "../preparation.ts";

export interface ForeignWorkOptions {
  readonly form: ForeignForm;
  /** As the server tells it. */
  readonly metadata: ModelMetadata;
  readonly encoding: Encoding;
  readonly frames: readonly Frame[];
}

/** The work on frames for a model whose server is not ours. @throws {BenchError} when the client's graphs cannot be made. */
export async function createForeignWork(options: ForeignWorkOptions): Promise<FrameWork> {
  const { form, metadata, encoding, frames } = options;
  const { name, versions } = metadata;
  if (form.kind === "seeded") return plainWork(seededPreparation(name, form, frames.length));
  const [input] = metadata.inputs;
  // The form was chosen by the same metadata; a server that has changed its model since is another one.
  if (input === undefined) throw new Error(`the server tells no input of model '${name}' any more`);
  const spec: PreparationSpec = {
    modelName: name,
    input,
    encoding,
    placement: form.kind === "recipe" ? "client" : "server",
    raw: form.kind === "untouched",
    foreign: true,
  };
  if (!needsPipeline(spec, frames)) return plainWork(createPreparation(spec, frames, undefined));
  const pipelineOptions: ClientPipelineOptions =
    form.kind === "recipe"
      ? {
          served: {
            name,
            version: versions[0] ?? "",
            recipe: form.recipe,
            signature: metadata,
            maxBatchSize: 0,
          },
        }
      : {};
  const { createClientPipeline } = await import("../../serving/client-pipeline.ts");
  const pipeline = await createClientPipeline(pipelineOptions);
  await pipeline.loadFrames(frames);
  return { preparation: createPreparation(spec, frames, pipeline), close: () => pipeline.close() };
}

function seededPreparation(
  modelName: string,
  { inputs }: Extract<ForeignForm, { kind: "seeded" }>,
  frames: number,
): Preparation {
  const sets = Array.from({ length: frames }, (_, index) => seededTensors(inputs, index + 1));
  return {
    prepare(frameIndex, id) {
      const tensors = sets[frameIndex];
      if (tensors === undefined) throw new RangeError(`no frame ${frameIndex} of ${frames}`);
      return { request: { modelName, id, inputs: tensors } };
    },
  };
}

function plainWork(preparation: Preparation): FrameWork {
  return { preparation, close: async () => {} };
}
