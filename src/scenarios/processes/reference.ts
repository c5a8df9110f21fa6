import type { Tensor } from "../../core/tensor.ts";
import { openSource } from "../../inputs/open-source.ts";
import type { Engine } from "../../serving/engine.ts";
import { losslessEncoding } from "../preparation.ts";
import { writeReference } from "../reference-file.ts";
import type { ReferenceCommands } from "./commands.ts";
import { coreFacts, createCore } from "./core.ts";
import { createFrameWork } from "./frame-work.ts";
import { obey } from "./obey.ts";

/** The entry of the process that answers every frame once, in process and losslessly: what all cells are compared with. */
let core: Engine | undefined;

const commands: ReferenceCommands = {
  async answer({ model, core: spec, warm, placement, frames: source, path }) {
    const { frames } = await openSource(source);
    core = await createCore(spec, warm);
    const { preparation, close } = await createFrameWork({
      core: spec,
      metadata: core.modelMetadata(model),
      encoding: losslessEncoding(frames),
      placement,
      frames,
    });
    const answers: (readonly Tensor[])[] = [];
    const signal = new AbortController().signal;
    for (const { index } of frames) {
      const { request } = await preparation.prepare(index, `${index}`);
      const response = await core.infer({ ...request, inputs: request.inputs.map(ownBytes) }, signal);
      const outputs =
        preparation.finish === undefined ? response.outputs : await preparation.finish(response);
      answers.push(outputs.map(ownBytes));
    }
    await close();
    await writeReference(path, answers);
    return { ...coreFacts(core), frames: frames.length };
  },
};

/** The core takes ownership of what it is given, and frames are used again. */
function ownBytes(tensor: Tensor): Tensor {
  return { ...tensor, data: new Uint8Array(tensor.data) };
}

obey(commands, async () => {
  await core?.close();
});
