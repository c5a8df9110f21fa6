import type * as grpc from "@grpc/grpc-js";
import { TransportError } from "../../core/errors.ts";
import type { RepositoryEntry } from "../../core/metadata.ts";
import type { ServingCore } from "../../core/serving-core.ts";
import { writeFailure } from "./status.ts";

interface RepositoryRequest {
  readonly repository_name: string;
}

interface IndexRequest extends RepositoryRequest {
  readonly ready: boolean;
}

interface ModelRequest extends RepositoryRequest {
  readonly model_name: string;
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
}

/** The calls of Triton's model repository extension, by name. */
export interface RepositoryHandlers {
  readonly RepositoryIndex: grpc.handleUnaryCall<
    IndexRequest,
    { readonly models: readonly RepositoryEntry[] }
  >;
  readonly RepositoryModelLoad: grpc.handleUnaryCall<ModelRequest, object>;
  readonly RepositoryModelUnload: grpc.handleUnaryCall<ModelRequest, object>;
}

/**
 * Answers the calls about the model repository. A load's own configuration or files are UNIMPLEMENTED.
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_repository.md
 */
export function repositoryHandlers(core: ServingCore): RepositoryHandlers {
  return {
    RepositoryIndex: answeringLater(async ({ repository_name: repository, ready }) => {
      checkRepository(repository);
      const models = await core.repositoryIndex();
      return { models: ready ? models.filter(({ state }) => state === "READY") : models };
    }),
    RepositoryModelLoad: answeringLater(
      async ({ repository_name: repository, model_name: model, parameters }) => {
        checkRepository(repository);
        const [parameter] = Object.keys(parameters ?? {});
        if (parameter !== undefined) {
          throw new TransportError(
            "UNIMPLEMENTED",
            `the load parameter '${parameter}' is not supported: models and their configuration come from the repository`,
          );
        }
        await core.loadModel(model);
        return {};
      },
    ),
    RepositoryModelUnload: answeringLater(async ({ repository_name: repository, model_name: model }) => {
      checkRepository(repository);
      await core.unloadModel(model);
      return {};
    }),
  };
}

function checkRepository(name: string): void {
  if (name === "") return;
  throw new TransportError("UNIMPLEMENTED", `there is no repository '${name}': leave out its name`);
}

/** Handles a call that takes the core some time; the caller's going away does not end it. */
function answeringLater<Request, Answer>(
  answer: (request: Request) => Promise<Answer>,
): grpc.handleUnaryCall<Request, Answer> {
  return (call, callback) => {
    answer(call.request).then(
      (value) => callback(null, value),
      (reason: unknown) => callback(writeFailure(reason)),
    );
  };
}
