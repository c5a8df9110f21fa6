import { TransportError } from "../../../core/errors.ts";
import type { ModelChoice } from "../../../core/tfs/find-model.ts";

/** What a path of the REST interface asks for. */
export type RestPath =
  | { readonly kind: "predict" | "classify" | "regress" | "status" | "metadata"; readonly model: ModelChoice }
  | { readonly kind: "list" };

const PREDICTION =
  /^\/v1\/models\/([^/:]+)(?:\/versions\/(\d+)|\/labels\/([^/:]+))?:(classify|regress|predict)$/i;
const MODEL = /^\/v1\/models(?:\/([^/:]+))?(?:\/versions\/(\d+)|\/labels\/([^/:]+))?(\/metadata)?$/i;

/**
 * Reads a path, matched as TensorFlow Serving does (letters of either case); `undefined` for any other.
 *
 * @param path - without a query.
 * @throws {TransportError} INVALID_ARGUMENT for a name that is not percent-encoded UTF-8.
 */
export function parseRestPath(method: string, path: string): RestPath | undefined {
  const [, name, version, label, verb] = (method === "POST" ? PREDICTION : MODEL).exec(path) ?? [];
  if (method !== "POST" && method !== "GET" && method !== "HEAD") return undefined;
  if (name === undefined) {
    return method !== "POST" && /^\/v1\/models\/?$/i.test(path) ? { kind: "list" } : undefined;
  }
  const model = {
    modelName: decode(name),
    modelVersion: version === undefined ? undefined : String(BigInt(version)),
    label: label === undefined ? undefined : decode(label),
  };
  if (method !== "POST") return { kind: verb === undefined ? "status" : "metadata", model };
  return { kind: verb?.toLowerCase() as "predict" | "classify" | "regress", model };
}

/** The path of a model below the server's root. */
export function restPath(modelName: string, modelVersion?: string): string {
  const version = modelVersion === undefined || modelVersion === "" ? "" : `/versions/${modelVersion}`;
  return `/v1/models/${encodeURIComponent(modelName)}${version}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new TransportError("INVALID_ARGUMENT", `malformed name in the path: ${text}`, { cause });
  }
}
