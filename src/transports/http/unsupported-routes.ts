import type { FastifyInstance } from "fastify";
import { TransportError } from "../../core/errors.ts";

/** Extensions of Triton that are not there, by their paths. */
const UNSUPPORTED: readonly (readonly [what: string, paths: readonly string[]])[] = [
  ["system shared memory", ["/v2/systemsharedmemory", "/v2/systemsharedmemory/*"]],
  ["CUDA shared memory", ["/v2/cudasharedmemory", "/v2/cudasharedmemory/*"]],
  ["tracing", ["/v2/trace/setting", "/v2/models/:model/trace/setting"]],
  ["changing the log", ["/v2/logging"]],
];

/** Answers the paths of extensions that are not there with 501 and a text, so that a client knows which one it is. */
export function addUnsupportedRoutes(app: FastifyInstance): void {
  for (const [what, paths] of UNSUPPORTED) {
    for (const path of paths) {
      app.all(path, async () => {
        throw new TransportError("UNIMPLEMENTED", `${what} is not supported`);
      });
    }
  }
}
