import { TransportError } from "../../../core/errors.ts";
import type { ModelMetadata } from "../../../core/metadata.ts";
import type { FailureStatus } from "../../../core/status.ts";
import { MODEL_HEADER } from "../../../core/tfs/envelope.ts";
import { readMetadata, withModelHeader } from "../../../core/tfs/metadata-json.ts";
import type { Answer } from "../exchange.ts";
import { readModelMetadata } from "../metadata.ts";
import { failureOf, parseJson } from "./read-answer.ts";
import { restPath } from "./rest-path.ts";

/** Failures that say nothing of whether the server can tell a signature. */
const TRANSIENT: ReadonlySet<FailureStatus> = new Set([
  "UNAVAILABLE",
  "DEADLINE_EXCEEDED",
  "RESOURCE_EXHAUSTED",
]);

/** The two protocols that share a form of bodies. */
export type RestProtocol = "tfs+http" | "kserve-v1+http";

/** A model of a server. */
export interface AskedModel {
  readonly protocol: RestProtocol;
  readonly modelName: string;
  readonly modelVersion?: string | undefined;
}

/**
 * Asks a server for a model's signature.
 *
 * @param get - asks for a path below the server's root.
 * @throws {TransportError} UNIMPLEMENTED where a KServe server does not tell it, and the status of every other failure.
 */
export async function askMetadata(
  get: (path: string) => Promise<Answer>,
  { protocol, modelName, modelVersion }: AskedModel,
): Promise<ModelMetadata> {
  const answer = await get(`${restPath(modelName, modelVersion)}/metadata`);
  if (answer.code === 200) {
    return withModelHeader(readMetadata(parseJson(answer.body)), answer.headers[MODEL_HEADER]);
  }
  const refusal = failureOf(answer);
  if (protocol === "tfs+http" || TRANSIENT.has(refusal.status)) throw refusal;
  return kserveMetadata(get, modelName, refusal);
}

/** KServe's model servers tell the signature by their V2 protocol, where they have it. */
async function kserveMetadata(
  get: (path: string) => Promise<Answer>,
  modelName: string,
  refusal: TransportError,
): Promise<ModelMetadata> {
  const answer = await get(`/v2/models/${encodeURIComponent(modelName)}`);
  if (answer.code === 200) return readModelMetadata(parseJson(answer.body));
  const failure = failureOf(answer);
  if (TRANSIENT.has(failure.status)) throw failure;
  const ready = await get(restPath(modelName));
  if (ready.code === 404) throw failureOf(ready);
  throw new TransportError(
    "UNIMPLEMENTED",
    `the server does not tell the signature of '${modelName}' (${refusal.message})`,
  );
}
