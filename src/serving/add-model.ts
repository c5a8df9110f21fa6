import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { messageOf, ServingError } from "../core/errors.ts";
import { builtinModel } from "./builtin.ts";
import { countClasses, readLabels } from "./class-labels.ts";
import { openCpuSession } from "./cpu-session.ts";
import { answerOutput, imageInput } from "./fit-recipe.ts";
import { type GuessedRecipe, guessRecipe } from "./guess-recipe.ts";
import { installModel } from "./install-model.ts";
import { createModelConfig, type OwnConfig } from "./model-config.ts";
import { type ModelFile, readModelFile } from "./model-file.ts";
import { countMacs, countParameters } from "./onnx/model-cost.ts";
import { type OnnxModel, readModel } from "./onnx/model-file.ts";
import { readSignature, type Signature } from "./onnx/signature.ts";
import { type Recipe, readRecipe } from "./recipe.ts";
import { MODEL_NAME } from "./repository.ts";
import { inputShape, trialSize, tryFreeBatch, tryPipeline } from "./try-model.ts";
import { zooModel } from "./zoo/catalogue.ts";

/** How a model file is added. */
export interface AddModelOptions {
  readonly repositoryDir: string;
  /** @default the file's name without `.onnx` */
  readonly name?: string | undefined;
  /** A text file, one class a line, class 0 first. */
  readonly labelsFile?: string | undefined;
  /** A JSON file, or `raw`. @default guessed from the signature */
  readonly recipeFile?: string | undefined;
  /** Instead of the recipe's size. */
  readonly size?: { readonly widthPx: number; readonly heightPx: number } | undefined;
  /** Whether another file under the same name is replaced. @default false */
  readonly replace?: boolean | undefined;
}

/** What was added, and what was guessed or changed on the way, one sentence each. */
export interface AddedModel {
  readonly file: ModelFile;
  readonly notes: readonly string[];
}

function nameFor(file: string, options: AddModelOptions): string {
  const name = options.name ?? path.basename(file).replace(/\.onnx$/i, "");
  if (!MODEL_NAME.test(name)) {
    throw new ServingError(
      "ERR_MODEL",
      `'${name}' is no model name (letters, digits, '.', '_', '-'): use --name`,
    );
  }
  if (zooModel(name) !== undefined || builtinModel(name) !== undefined) {
    throw new ServingError("ERR_MODEL", `'${name}' is a model that wirebench brings itself: use --name`);
  }
  return name;
}

function checkSelfContained({ graph }: OnnxModel): void {
  if (!(graph.initializer ?? []).some(({ externalData }) => (externalData ?? []).length > 0)) return;
  throw new ServingError("ERR_MODEL", "keeps its weights in another file; save it as one file");
}

async function recipeFor(
  model: OnnxModel,
  signature: Signature,
  options: AddModelOptions,
): Promise<GuessedRecipe> {
  const { recipeFile, size } = options;
  const guessed: GuessedRecipe =
    recipeFile === undefined
      ? guessRecipe(signature, model)
      : { recipe: recipeFile === "raw" ? "raw" : await readRecipe(recipeFile), guesses: [] };
  if (size === undefined) return guessed;
  if (guessed.recipe === "raw")
    throw new ServingError("ERR_MODEL", "the recipe is raw: it has no size to set");
  return { ...guessed, recipe: { ...guessed.recipe, size } };
}

/** What a run costs; the multiply-accumulates are left out where the trial run fails. */
async function costOf(
  model: OnnxModel,
  signature: Signature,
  recipe: Recipe | "raw",
): Promise<OwnConfig["cost"]> {
  const parameters = countParameters(model);
  if (recipe === "raw") return { parameters };
  const size = trialSize(recipe, signature);
  const name = signature.inputs[0]!.name;
  const macs = await countMacs(model, name, inputShape(recipe, size, 1)).catch(() => undefined);
  return { parameters, ...(macs === undefined ? {} : { macs }), ...size };
}

interface Prepared {
  readonly bytes: Uint8Array;
  readonly own: OwnConfig;
  readonly notes: readonly string[];
}

async function prepare(bytes: Uint8Array, file: string, options: AddModelOptions): Promise<Prepared> {
  const model = readModel(bytes);
  checkSelfContained(model);
  const signature = readSignature(model);
  if (signature.inputs.length !== 1) {
    const names = signature.inputs.map(({ name }) => name).join(", ");
    throw new ServingError("ERR_MODEL", `has ${signature.inputs.length} inputs (${names}), expected one`);
  }
  const session = await openCpuSession(bytes, "the model");
  await session.release();
  const { recipe, guesses } = await recipeFor(model, signature, options);
  if (recipe !== "raw") {
    imageInput(recipe, signature);
    answerOutput(recipe, signature);
    await tryPipeline(bytes, recipe, signature);
  }
  const labels =
    options.labelsFile === undefined
      ? undefined
      : await readLabels(options.labelsFile, countClasses(model, signature, recipe));
  const freed = recipe === "raw" ? undefined : await tryFreeBatch(bytes, model, recipe);
  return {
    bytes: freed ?? bytes,
    own: {
      recipe,
      ...(labels ? { labels } : {}),
      weights: "trained",
      source: { file: path.basename(file), sha256: sha256Of(bytes) },
      cost: await costOf(model, signature, recipe),
    },
    notes: [
      ...guesses.map((guess) => `guessed ${guess}`),
      ...(freed ? ["the batch of 1 was made free: two pictures in one run get equal answers"] : []),
    ],
  };
}

/**
 * Adds an ONNX file to the repository. It is tried first: loaded, run on a picture of the recipe's size. The same file
 * under the same name again succeeds (its labels and recipe are then the new ones).
 *
 * @throws {ServingError} ERR_MODEL, one line that begins with the file, when the file is no ONNX model, cannot be loaded,
 * has not exactly one input, keeps its weights elsewhere, does not fit the recipe, or when another file has that name.
 * Nothing is left behind. {ConfigError} for a broken recipe file.
 */
export async function addModel(file: string, options: AddModelOptions): Promise<AddedModel> {
  const { repositoryDir, replace = false } = options;
  const name = nameFor(file, options);
  const folder = path.join(repositoryDir, name);
  try {
    const original = await readFile(file);
    const sha256 = sha256Of(original);
    const present = await readModelFile(folder).catch(() => undefined);
    const same =
      present !== undefined &&
      (present.file.config.wirebench?.source?.sha256 ?? sha256Of(await readFile(present.file.path))) ===
        sha256;
    if (present !== undefined && !same && !replace) {
      throw new ServingError(
        "ERR_MODEL",
        `the repository has another model '${name}': use --replace, or --name`,
      );
    }
    const { bytes, own, notes } = await prepare(original, file, options);
    const config = createModelConfig(name, readSignature(readModel(bytes)), own);
    const installed = await installModel(
      repositoryDir,
      name,
      { config, model: bytes },
      { replace: replace || same },
    );
    if (!installed) {
      throw new ServingError("ERR_MODEL", `${folder} was made by someone else meanwhile: use --replace`);
    }
    return { file: (await readModelFile(folder))!.file, notes };
  } catch (cause) {
    if (cause instanceof ServingError || isSystemError(cause)) {
      throw new ServingError("ERR_MODEL", `${file}: ${messageOf(cause)}`, { cause });
    }
    throw cause;
  }
}

/** Hexadecimal. */
function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** An error of the operating system (no such file, no permission), not one of ours. */
function isSystemError(cause: unknown): boolean {
  return cause instanceof Error && "syscall" in cause;
}
