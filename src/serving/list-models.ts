import path from "node:path";
import { messageOf } from "../core/errors.ts";
import { readModelFile } from "./model-file.ts";
import { countParameters } from "./onnx/model-cost.ts";
import type { Signature } from "./onnx/signature.ts";
import { modelFolders } from "./repository.ts";
import { ZOO } from "./zoo/catalogue.ts";

/** One line of the list of models. */
export interface ListedModel {
  readonly name: string;
  /** `ready`: in the repository; `on demand`: generated when first used; `broken`: see `problem`. */
  readonly state: "ready" | "on demand" | "broken";
  readonly signature?: Signature | undefined;
  readonly parameters?: number | undefined;
  /** Multiply-accumulates of one run on one picture of `size`. */
  readonly macs?: number | undefined;
  readonly size?: { readonly widthPx: number; readonly heightPx: number } | undefined;
  /** Of the ONNX file. */
  readonly bytes?: number | undefined;
  readonly weights?: "seeded" | "trained" | undefined;
  /** Of the published model that one of the zoo stands for. */
  readonly publishedBytes?: number | undefined;
  readonly problem?: string | undefined;
}

async function listed(folder: string): Promise<ListedModel | undefined> {
  const name = path.basename(folder);
  try {
    const read = await readModelFile(folder);
    if (read === undefined) return undefined;
    const { file, model } = read;
    const cost = file.config.wirebench?.cost;
    const { widthPx, heightPx } = cost ?? {};
    return {
      name,
      state: "ready",
      signature: file.signature,
      parameters: cost?.parameters ?? countParameters(model),
      macs: cost?.macs,
      size: widthPx !== undefined && heightPx !== undefined ? { widthPx, heightPx } : undefined,
      bytes: file.bytes,
      weights: file.weights,
    };
  } catch (error) {
    return { name, state: "broken", problem: messageOf(error) };
  }
}

/** Every model: the zoo's, generated or not, then the repository's others by name. A broken one is listed, not thrown. */
export async function listModels(repositoryDir: string): Promise<readonly ListedModel[]> {
  const found = await Promise.all(
    (await modelFolders(repositoryDir)).map((name) => listed(path.join(repositoryDir, name))),
  );
  const models = found.filter((model) => model !== undefined);
  const own = ZOO.map((entry): ListedModel => {
    const present = models.find(({ name }) => name === entry.name);
    const { name, signature, parameters, macs, bytes, publishedBytes } = entry;
    if (present !== undefined) return { ...present, publishedBytes };
    const { size } = entry.recipe;
    return {
      name,
      state: "on demand",
      signature,
      parameters,
      macs,
      size,
      bytes,
      weights: "seeded",
      publishedBytes,
    };
  });
  return [...own, ...models.filter(({ name }) => !ZOO.some((entry) => entry.name === name))];
}
