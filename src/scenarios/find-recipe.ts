import { isAbsolute } from "node:path";
import { ConfigError, messageOf } from "../core/errors.ts";
import { parseRecipe, type Recipe, readRecipe } from "../serving/recipe.ts";
import { openModel } from "../serving/repository.ts";

/**
 * The recipe that `--recipe` means: `raw`, a recipe as JSON, the absolute path of a recipe file, or the name of a model of the
 * repository, whose recipe it is then.
 *
 * @throws {ConfigError} when it is none of them.
 */
export async function findRecipe(given: string, repository: string): Promise<Recipe | "raw"> {
  if (given === "raw") return given;
  if (isRecipeText(given)) return recipeFromText(given);
  if (isAbsolute(given)) return readRecipe(given);
  try {
    return (await openModel(repository, given)).recipe;
  } catch (cause) {
    throw new ConfigError(
      [{ path: "--recipe", message: `expected raw, JSON, a file or a model's name: ${messageOf(cause)}` }],
      { cause },
    );
  }
}

/** Whether a recipe is written out, not named. */
export function isRecipeText(given: string): boolean {
  return given.trimStart().startsWith("{");
}

/** @throws {ConfigError} for a text that is no JSON or no recipe. */
export function recipeFromText(text: string): Recipe {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError([{ path: "--recipe", message: `no JSON: ${messageOf(cause)}` }], { cause });
  }
  return parseRecipe(value, "--recipe");
}
