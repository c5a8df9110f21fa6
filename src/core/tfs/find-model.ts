import { TransportError } from "../errors.ts";
import type { ModelMetadata } from "../metadata.ts";
import type { ServingCore } from "../serving-core.ts";

/** A model as a request names it: the newest version, one of a number, or one of a label. */
export interface ModelChoice {
  readonly modelName: string;
  readonly modelVersion?: string | undefined;
  readonly label?: string | undefined;
}

/** A model that was found, and the version that a request to it is for. */
export interface FoundModel {
  readonly metadata: ModelMetadata;
  /** As asked for; `undefined`: the newest. */
  readonly modelVersion: string | undefined;
}

/**
 * Finds the model that a request names.
 * @throws {TransportError} NOT_FOUND and INVALID_ARGUMENT, with TensorFlow Serving's texts.
 */
export function findModel(core: ServingCore, choice: ModelChoice): FoundModel {
  const { modelName, modelVersion, label } = choice;
  if (modelName === "") throw new TransportError("INVALID_ARGUMENT", "Missing ModelSpec.name");
  if (label !== undefined) {
    throw new TransportError("INVALID_ARGUMENT", `Unrecognized servable version label: ${label}`);
  }
  return explained(
    () => ({ metadata: core.modelMetadata(modelName, modelVersion), modelVersion }),
    modelVersion === undefined
      ? `Servable not found for request: Latest(${modelName})`
      : `Servable not found for request: Specific(${modelName}, ${modelVersion})`,
  );
}

/** States of a version, by the names of `ModelVersionStatus.State`. */
export type VersionState = "AVAILABLE" | "LOADING";

/** A version that there is. */
export interface VersionStatus {
  readonly version: string;
  readonly state: VersionState;
}

/** The versions of a model that are served, or the one that is asked for. @throws {TransportError} as {@link findModel}. */
export function versionsOf(core: ServingCore, choice: ModelChoice): readonly VersionStatus[] {
  const { modelName, modelVersion } = choice;
  if (choice.label !== undefined || modelName === "") findModel(core, choice);
  return explained(
    () => {
      const { versions } = core.modelMetadata(modelName, modelVersion);
      return (modelVersion === undefined ? versions : [modelVersion]).map((version) => ({
        version,
        state: core.isModelReady(modelName, version) ? "AVAILABLE" : "LOADING",
      }));
    },
    modelVersion === undefined
      ? `Could not find any versions of model ${modelName}`
      : `Could not find version ${modelVersion} of model ${modelName}`,
  );
}

function explained<T>(find: () => T, notFound: string): T {
  try {
    return find();
  } catch (reason) {
    if (!(reason instanceof TransportError) || reason.status !== "NOT_FOUND") throw reason;
    throw new TransportError("NOT_FOUND", notFound, { cause: reason });
  }
}

/** The version that answers where none is asked for. */
export function newest(versions: readonly string[]): string {
  return versions.toSorted((a, b) => Number(a) - Number(b)).at(-1) ?? "";
}
