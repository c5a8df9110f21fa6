import { ConfigError, type ConfigProblem } from "../core/errors.ts";
import { builtinModel } from "../serving/builtin.ts";
import { listModels } from "../serving/list-models.ts";
import { openModel } from "../serving/repository.ts";
import type { ServeSettings } from "./serve-options.ts";

const DEFAULT_REPOSITORY = "models";
const DEFAULT_MODEL = "m1-small";

/** The folder of the models. */
export function repositoryOf({ modelRepository, repository }: ServeSettings): string {
  return modelRepository ?? repository ?? DEFAULT_REPOSITORY;
}

/**
 * The models to serve, each of them there: those that were named, else all of a repository that was named, else one of the zoo.
 *
 * @param say - told when a model is generated, and what of a named one's configuration is passed over.
 * @throws {BenchError} when one is not there, or there is none.
 */
export async function modelsOf(
  settings: ServeSettings,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const repository = repositoryOf(settings);
  const isNamed = settings.modelRepository !== undefined || settings.repository !== undefined;
  if (settings.model === undefined && isNamed) return everyModelOf(repository);
  const models = settings.model ?? [DEFAULT_MODEL];
  for (const name of models) {
    if (builtinModel(name) !== undefined) continue;
    await openModel(repository, name, { onProgress: say });
  }
  return models;
}

async function everyModelOf(repository: string): Promise<readonly string[]> {
  const found = (await listModels(repository)).filter(({ state }) => state !== "on demand");
  const problems = found.flatMap(({ name, problem }): ConfigProblem[] =>
    problem === undefined
      ? []
      : [{ path: "--model-repository", message: `${name}: ${problem} (name the others with --model)` }],
  );
  if (found.length === 0) {
    problems.push({
      path: "--model-repository",
      message: `no models in ${repository}: <name>/<version>/model.onnx`,
    });
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return found.map(({ name }) => name);
}
