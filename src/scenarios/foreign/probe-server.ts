import { BenchError, messageOf, TransportError } from "../../core/errors.ts";
import type { ModelMetadata, ServerMetadata } from "../../core/metadata.ts";
import type { InferenceClient } from "../../core/transport.ts";
import { withoutCredentials } from "../../core/without-credentials.ts";
import type { BenchSpec } from "../bench-spec.ts";
import { createTransport } from "../transports.ts";
import type { ForeignServer } from "./foreign-server.ts";

/**
 * Asks the server at `spec.url` about itself and its models, over the bench's own transport.
 * @throws {BenchError} one line: nobody answers there, it does not know a model, or the model is not ready.
 */
export async function probeServer(
  { dimensions, maxPayloadBytes, qos }: Pick<BenchSpec, "dimensions" | "maxPayloadBytes" | "qos">,
  url: string,
  models: readonly string[],
): Promise<ForeignServer> {
  const transport = dimensions.transport[0] ?? "http";
  const written = withoutCredentials(url);
  const client = await createTransport(transport).connect(url, {
    maxPayloadBytes,
    qos,
    tuning: "defaults",
    encoding: transport === "http" ? "json" : "binary",
  });
  try {
    const server = await serverOf(client);
    const found = new Map<string, ModelMetadata>();
    for (const name of models) found.set(name, await modelOf(client, name, written));
    return { url: written, transport, server, models: found };
  } finally {
    await client.destroy();
  }
}

/** Not every server says who it is; whether it can be reached at all is known by then. */
async function serverOf(client: InferenceClient): Promise<ServerMetadata> {
  try {
    return await client.serverMetadata();
  } catch (error) {
    if (isGone(error)) throw error;
    return { name: "", version: "", extensions: [] };
  }
}

async function modelOf(client: InferenceClient, name: string, url: string): Promise<ModelMetadata> {
  let metadata: ModelMetadata;
  try {
    metadata = await client.modelMetadata(name);
  } catch (error) {
    if (isGone(error) && !(await isAlive(client))) throw error;
    throw new BenchError("ERR_MODEL", `model '${name}' at ${url}: ${messageOf(error)}`, { cause: error });
  }
  const isReady = await client.isModelReady?.(name).catch((error: unknown) => {
    if (isGone(error)) throw error;
    // It has no such question: the first request will tell.
    return true;
  });
  if (isReady === false) throw new BenchError("ERR_MODEL", `model '${name}' at ${url} is not ready`);
  return metadata;
}

/** Triton also says UNAVAILABLE of a model that is not ready. */
async function isAlive(client: InferenceClient): Promise<boolean> {
  return client.serverMetadata().then(
    () => true,
    (error: unknown) => !isGone(error),
  );
}

function isGone(error: unknown): boolean {
  return error instanceof TransportError && /^(UNAVAILABLE|DEADLINE_EXCEEDED)$/.test(error.status);
}
