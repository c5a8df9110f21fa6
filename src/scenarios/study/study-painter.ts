import { ConfigError } from "../../core/errors.ts";
import type { InferResponse } from "../../core/inference.ts";
import type { StudyServeOptions } from "../../core/transport.ts";
import { builtinModel } from "../../serving/builtin.ts";
import { openModel } from "../../serving/repository.ts";
import { colourMask } from "../../vision/colour-mask.ts";
import { encodeImage, type ImageFormat } from "../../vision/image-codec.ts";
import { readAnswer } from "../inference/answer.ts";
import { choosePalette } from "../inference/choose-palette.ts";

/** How the vehicle-cloud study's clients are answered. Plain data. */
export interface StudySpec {
  readonly model: string;
  /** Of the picture on `/segmented_images`; the study's clients read both. */
  readonly format: ImageFormat;
  /** `cityscapes`, `aiedge` or an XML file; absent: by the model's classes. */
  readonly palette?: string | undefined;
}

/**
 * Makes what paints a model's masks: each class in its colour, in the mask's own size.
 *
 * @param repository - the model repository's folder.
 * @throws {ConfigError} for a model that answers no masks. @throws {InputError} for a palette that is none.
 * @throws {ServingError} for an unknown model.
 */
export async function createStudyPainter(
  { model, format, palette: choice }: StudySpec,
  repository: string,
): Promise<StudyServeOptions> {
  const palette = await choosePalette(choice);
  const file = builtinModel(model) === undefined ? await openModel(repository, model) : undefined;
  const recipe = file?.recipe ?? "raw";
  const answer = recipe === "raw" ? "tensors" : recipe.answer;
  if (answer !== "argmax" && answer !== "mask") {
    const message = `the model '${model}' answers ${answer}, expected one that answers a mask`;
    throw new ConfigError([{ path: "--study-topics", message }]);
  }
  const { palette: colours } = palette.fit(file?.labels ?? [], 0);
  return {
    model,
    async paint({ outputs }: InferResponse): Promise<Uint8Array> {
      const mask = readAnswer(outputs, recipe);
      if (mask.kind !== "mask") throw new Error(`expected a mask, got ${mask.kind}`);
      const { ids, widthPx, heightPx } = mask;
      return encodeImage(colourMask(ids, { widthPx, heightPx }, colours), widthPx, heightPx, format);
    },
  };
}
