import type { FastifyInstance } from "fastify";
import { TransportError } from "../../core/errors.ts";
import type { RepositoryEntry } from "../../core/metadata.ts";
import { flagOf, type JsonObject, objectOf, optional, parametersOf } from "../../core/oip/json-fields.ts";
import type { ServingCore } from "../../core/serving-core.ts";
import { addPost, readJsonBody } from "./add-route.ts";
import { LARGE_JSON_BYTES } from "./large-json.ts";
import { PayloadTooLargeError } from "./payload-too-large.ts";

interface RepositoryParams {
  readonly repository?: string;
  readonly model: string;
}

/**
 * The model repository extension: what there is, load and unload while serving. The one repository has no name, and files
 * and configurations do not come with the request.
 *
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_repository.md
 */
export function addRepositoryRoutes(app: FastifyInstance, core: ServingCore, maxPayloadBytes: number): void {
  // Parsed on this thread: what it may hold is small.
  const maxBytes = Math.min(maxPayloadBytes, LARGE_JSON_BYTES);
  const route = (
    path: string,
    answer: (model: string, body: JsonObject) => Promise<readonly object[] | undefined>,
    tooLarge?: TransportError,
  ): void => {
    for (const base of ["/v2/repository", "/v2/repository/:repository"]) {
      addPost<RepositoryParams>(app, base + path, async (request, reply) => {
        const body = await readJsonBody(request, maxBytes).catch((reason: unknown) => {
          throw reason instanceof PayloadTooLargeError ? (tooLarge ?? reason) : reason;
        });
        const { repository, model } = request.params;
        if (repository !== undefined) {
          throw new TransportError(
            "UNIMPLEMENTED",
            `there is no repository '${repository}': leave out its name`,
          );
        }
        // Load and unload are answered by the code alone.
        return reply.send(await answer(model, body));
      });
    }
  };
  route("/index", async (_model, body) => {
    const ready = flagOf(parametersOf(body, "the request"), "ready", "the request");
    const entries = await core.repositoryIndex();
    return entries.filter(({ state }) => ready !== true || state === "READY").map(writeEntry);
  });
  route(
    "/models/:model/load",
    async (model, body) => {
      const [name] = Object.keys(controlsOf(body));
      if (name !== undefined) throw unsupportedLoad(`the load parameter '${name}'`);
      await core.loadModel(model);
      return undefined;
    },
    // Only a model's files make it that large: that they are not taken says more than a limit.
    unsupportedLoad(`a load of more than ${maxBytes} bytes`),
  );
  route("/models/:model/unload", async (model, body) => {
    // No model depends on another one: both values mean the same.
    flagOf(parametersOf(controlsOf(body), "parameters"), "unload_dependents", "parameters");
    await core.unloadModel(model);
    return undefined;
  });
}

function unsupportedLoad(what: string): TransportError {
  const text = `${what} is not supported: models and their configuration come from the repository`;
  return new TransportError("UNIMPLEMENTED", text);
}

function controlsOf(body: JsonObject): JsonObject {
  return objectOf(optional(body, "parameters") ?? {}, "parameters");
}

/** Of a version that was never loaded Triton tells the name alone; what is empty is left out. */
function writeEntry({ name, version, state, reason }: RepositoryEntry): object {
  return {
    name,
    ...(version === "" ? {} : { version }),
    ...(state === "" ? {} : { state }),
    ...(reason === "" ? {} : { reason }),
  };
}
