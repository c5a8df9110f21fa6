import { ServingError } from "../core/errors.ts";
import { openCpuSession } from "./cpu-session.ts";
import { installModel } from "./install-model.ts";
import { createModelConfig } from "./model-config.ts";
import { ZOO, zooModel } from "./zoo/catalogue.ts";

/** The seed of weights unless another is asked for. */
export const DEFAULT_SEED = 1;

/** How a model is generated. */
export interface GenerateOptions {
  /** @default 1 */
  readonly seed?: number | undefined;
  /** Whether a model that is there already is written anew. @default false */
  readonly replace?: boolean | undefined;
  /** Told once, before the work begins. */
  readonly onProgress?: ((line: string) => void) | undefined;
}

/**
 * Generates a model of the zoo into the repository: built from its seed, opened once with ONNX Runtime, then put in
 * place in one step.
 *
 * @throws {ServingError} ERR_MODEL for a name that the zoo does not have.
 */
export async function generateModel(
  repositoryDir: string,
  name: string,
  options: GenerateOptions = {},
): Promise<void> {
  const { seed = DEFAULT_SEED, replace = false, onProgress } = options;
  const entry = zooModel(name);
  if (entry === undefined) {
    const known = ZOO.map((model) => model.name).join(", ");
    throw new ServingError("ERR_MODEL", `no model '${name}' can be generated; there are: ${known}`);
  }
  onProgress?.(`generating ${name} (${entry.summary}; seed ${seed}; ${(entry.bytes / 1e6).toFixed(1)} MB)`);
  const model = entry.build(seed);
  const session = await openCpuSession(model, `generated model '${name}'`);
  await session.release();
  const { width, height } = { width: entry.recipe.size?.widthPx, height: entry.recipe.size?.heightPx };
  const config = createModelConfig(name, entry.signature, {
    recipe: entry.recipe,
    ...(entry.labels ? { labels: [...entry.labels] } : {}),
    weights: "seeded",
    source: { generator: "wirebench zoo", seed },
    cost: { parameters: entry.parameters, macs: entry.macs, widthPx: width, heightPx: height },
  });
  await installModel(repositoryDir, name, { config, model }, { replace });
}
