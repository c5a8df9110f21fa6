import { readFile } from "node:fs/promises";
import { z } from "zod";
import { ConfigError, messageOf } from "../core/errors.ts";

/** How a picture becomes a model's input, and the model's output an answer. */
export interface Recipe {
  /** The picture is resized to it (bilinear, half-pixel centres). Absent: its own size, or the model's if that is fixed. */
  readonly size?: { readonly widthPx: number; readonly heightPx: number } | undefined;
  /** The order of colours that the model was trained with. */
  readonly colour: "rgb" | "bgr";
  /** Where the model's input has its channels. */
  readonly layout: "nhwc" | "nchw";
  /** The model sees `(byte * scale - mean) / std`, channel by channel in the order of `colour`. */
  readonly scale: number;
  /** Three numbers, or one for all channels. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** `argmax`: scores per pixel become a mask; `mask`: ids per pixel are one; `top-k`: scores per class; `tensors`: as they are. */
  readonly answer: "argmax" | "mask" | "top-k" | "tensors";
  /** How many classes a `top-k` answer names. @default 5 */
  readonly topK?: number | undefined;
  /** `top-k` of a model that gives logits: softmax first, so that scores are probabilities. @default false */
  readonly softmax?: boolean | undefined;
}

/** How many classes a `top-k` answer names unless the recipe says. */
export const DEFAULT_TOP_K = 5;

const perChannel = (member: z.ZodNumber) =>
  z
    .array(member)
    .refine((list) => list.length === 1 || list.length === 3, {
      error: "must be 1 or 3 numbers",
    })
    .readonly();

/** The schema of a recipe file (JSON) and of a recipe in `config.json`. */
export const RECIPE_SCHEMA = z.strictObject({
  size: z.strictObject({ widthPx: z.int().min(1), heightPx: z.int().min(1) }).optional(),
  colour: z.enum(["rgb", "bgr"]).default("rgb"),
  layout: z.enum(["nhwc", "nchw"]),
  scale: z.number().default(1),
  mean: perChannel(z.number()).default([0]),
  std: perChannel(z.number().refine((value) => value !== 0, { error: "must not be 0" })).default([1]),
  answer: z.enum(["argmax", "mask", "top-k", "tensors"]),
  topK: z.int().min(1).optional(),
  softmax: z.boolean().optional(),
}) satisfies z.ZodType<Recipe>;

/**
 * Checks a recipe.
 * @param where - what the problems' paths begin with, e.g. the file's name.
 * @throws {ConfigError} naming every problem at once.
 */
export function parseRecipe(value: unknown, where: string): Recipe {
  const result = RECIPE_SCHEMA.safeParse(value);
  if (result.success) return result.data;
  throw new ConfigError(
    result.error.issues.map(({ path, message }) => ({ path: [where, ...path].join("."), message })),
  );
}

/**
 * Reads a recipe file.
 * @throws {ConfigError} when it cannot be read, is no JSON or no recipe.
 */
export async function readRecipe(path: string): Promise<Recipe> {
  const refuse = (what: string) => (cause: unknown) => {
    throw new ConfigError([{ path, message: `${what}: ${messageOf(cause)}` }], { cause });
  };
  const text = await readFile(path, "utf8").catch(refuse("cannot be read"));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return refuse("no JSON")(cause);
  }
  return parseRecipe(value, path);
}
