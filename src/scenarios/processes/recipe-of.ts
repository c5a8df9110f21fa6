import type { Recipe } from "../../serving/recipe.ts";
import type { CoreSpec } from "./commands.ts";

/** The recipe that replaces the model's own. @throws {ConfigError} for a text or a file that holds none. */
export async function recipeOf({ recipe }: Pick<CoreSpec, "recipe">): Promise<Recipe | "raw" | undefined> {
  if (recipe === undefined || recipe === "raw") return recipe;
  const { readRecipe } = await import("../../serving/recipe.ts");
  if (!recipe.startsWith("{")) return readRecipe(recipe);
  return (await import("../find-recipe.ts")).recipeFromText(recipe);
}
