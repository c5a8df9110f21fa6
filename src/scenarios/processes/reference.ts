import type { Frame } from "../../core/frame.ts";
import type { InferRequest, InferResponse } from "../../core/inference.ts";
import type { Tensor } from "../../core/tensor.ts";
import { openSource } from "../../inputs/open-source.ts";
import type { Engine } from "../../serving/engine.ts";
import { losslessEncoding, type Preparation } from "../preparation.ts";
import { writeReference } from "../reference-file.ts";
import type { CoreSpec, LocalReference, ReferenceCommands, ReferenceReady } from "./commands.ts";
import { coreFacts, createCore } from "./core.ts";
import { createForeignWork } from "./foreign-work.ts";
import { createFrameWork } from "./frame-work.ts";
import { openLocalRun } from "./local-run.ts";
import { obey } from "./obey.ts";

/** The entry of the process that answers every frame once, in process and losslessly: what all cells are compared with. */
let core: Engine | undefined;

const commands: ReferenceCommands = {
  async answer({ model, core: spec, warm, placement, frames: source, local, path }) {
    const { frames } = await openSource(source);
    if (local !== undefined) return answerLocally(local, spec, frames, path);
    core = await createCore(spec, warm);
    const { preparation, close } = await createFrameWork({
      core: spec,
      metadata: core.modelMetadata(model),
      encoding: losslessEncoding(frames),
      placement,
      frames,
    });
    const engine = core;
    const signal = new AbortController().signal;
    const answers = await answersOf(frames, preparation, (request) =>
      engine.infer({ ...request, inputs: request.inputs.map(ownBytes) }, signal),
    );
    await close();
    await writeReference(path, answers);
    return { ...coreFacts(core), frames: frames.length };
  },
};

/** The file on the CPU, fed with exactly what the server elsewhere will be sent. */
async function answerLocally(
  { file, metadata, foreign }: LocalReference,
  { threads }: CoreSpec,
  frames: readonly Frame[],
  path: string,
): Promise<ReferenceReady> {
  const run = await openLocalRun(file, metadata, threads);
  const { preparation, close } = await createForeignWork({
    form: foreign,
    metadata,
    encoding: "binary",
    frames,
  });
  const answers = await answersOf(frames, preparation, async (request) => ({
    modelName: request.modelName,
    modelVersion: "",
    id: request.id,
    outputs: await run.infer(request),
  }));
  await close();
  await run.release();
  await writeReference(path, answers);
  return {
    executionProvider: run.executionProvider,
    deviceNotes: [],
    instances: 1,
    threads: run.threads,
    spinning: false,
    frames: frames.length,
  };
}

async function answersOf(
  frames: readonly Frame[],
  preparation: Preparation,
  infer: (request: InferRequest) => Promise<InferResponse>,
): Promise<readonly (readonly Tensor[])[]> {
  const answers: (readonly Tensor[])[] = [];
  for (const { index } of frames) {
    const { request } = await preparation.prepare(index, `${index}`);
    const response = await infer(request);
    const outputs = preparation.finish === undefined ? response.outputs : await preparation.finish(response);
    answers.push(outputs.map(ownBytes));
  }
  return answers;
}

/** The core takes ownership of what it is given, and frames are used again. */
function ownBytes(tensor: Tensor): Tensor {
  return { ...tensor, data: new Uint8Array(tensor.data) };
}

obey(commands, async () => {
  await core?.close();
});
