import { availableParallelism } from "node:os";
import type { Device } from "../core/cell.ts";
import { ServingError } from "../core/errors.ts";
import type { Recipe } from "./recipe.ts";
import type { SessionSettings } from "./session-settings.ts";
import type { WarmUpContent } from "./worker-protocol.ts";

export interface EngineOptions {
  /** Names in the repository, or built-in ones (`null`, `identity`, `delay`, `delay-20ms`). */
  readonly models: readonly string[];
  /** Triton's layout: `<dir>/<name>/config.json`, `<dir>/<name>/<version>/model.onnx`. */
  readonly repositoryDir: string;
  /** @default "cpu" */
  readonly device?: Device | undefined;
  /** Instances of each model, a worker thread each. @default as its configuration says (`instance_group`), else 1 */
  readonly instances?: number | undefined;
  /** Cores to divide among the instances of a model where `intraOpThreads` does not say. @default all of the machine */
  readonly cores?: number | undefined;
  /** ONNX Runtime's threads within an operator, per instance. @default `cores` divided by the instances, 1 to 16 */
  readonly intraOpThreads?: number | undefined;
  /** Whether the runtime's idle threads spin. @default false */
  readonly allowSpinning?: boolean | undefined;
  /** Most requests that wait for a model. @default 256 */
  readonly maxQueue?: number | undefined;
  /** Contents to run before readiness. @default the model's own tensors, and rgb8 where its configuration has a recipe */
  readonly warmUpContents?: readonly WarmUpContent[] | undefined;
  /** Instead of the repository's; `raw`: tensors untouched. */
  readonly recipe?: Recipe | "raw" | undefined;
  /** A line for the user: a model is generated, or a part of a model's configuration is passed over. */
  readonly onProgress?: ((line: string) => void) | undefined;
}

/** What the options come to; a report prints it. */
export interface EngineSettings extends SessionSettings {
  readonly instances: number;
  readonly maxQueue: number;
}

/** Beyond this the nets at hand gain nothing. */
const MAX_THREADS = 16;

/** @throws {ServingError} ERR_SERVING when a count is not a whole number in its range. */
export function engineSettings(
  options: EngineOptions,
  cores = options.cores ?? availableParallelism(),
): EngineSettings {
  const instances = count("instances", options.instances ?? 1, 1);
  const fair = Math.min(MAX_THREADS, Math.max(1, Math.floor(cores / instances)));
  return {
    device: options.device ?? "cpu",
    instances,
    intraOpThreads: count("intraOpThreads", options.intraOpThreads ?? fair, 1),
    interOpThreads: 1,
    allowSpinning: options.allowSpinning ?? false,
    maxQueue: count("maxQueue", options.maxQueue ?? 256, 0),
  };
}

function count(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new ServingError("ERR_SERVING", `${name}: expected a whole number from ${least}, got ${value}`);
}
