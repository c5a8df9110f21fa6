import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import { type JsonObject, parseJsonObject } from "../../core/oip/json-fields.ts";
import { receiveBody } from "./receive-body.ts";

const METHODS: readonly HTTPMethods[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Answers GET (and HEAD) with what a function gives; any other method with 405. */
export function addGet<Params>(
  app: FastifyInstance,
  url: string,
  answer: (params: Params, reply: FastifyReply) => unknown,
): void {
  // The parameters of a path are texts under the names in it, which fastify does not know from a variable.
  app.get(url, async (request, reply) => answer(request.params as Params, reply));
  refuseOthers(app, url, ["GET", "HEAD"]);
}

/** Answers POST; any other method with 405. The body is still to be read: `receiveBody`. */
export function addPost<Params>(
  app: FastifyInstance,
  url: string,
  answer: (request: FastifyRequest<{ Params: Params }>, reply: FastifyReply) => Promise<unknown>,
): void {
  app.post(url, (request, reply) => answer(request as FastifyRequest<{ Params: Params }>, reply));
  refuseOthers(app, url, ["POST"]);
}

/** A body that may be left out, as a JSON object. It is parsed here: give a small limit. @throws {TransportError} */
export async function readJsonBody(request: FastifyRequest, maxBytes: number): Promise<JsonObject> {
  const { bytes } = await receiveBody(request.raw, maxBytes);
  return bytes.byteLength === 0 ? {} : parseJsonObject(bytes, "the request");
}

function refuseOthers(app: FastifyInstance, url: string, allowed: readonly HTTPMethods[]): void {
  app.route({
    method: METHODS.filter((method) => !allowed.includes(method)),
    url,
    handler: async (request, reply) => {
      await reply
        .code(405)
        .header("allow", allowed.join(", "))
        .send({ error: `${request.method} is not allowed here, only ${allowed.join(", ")}` });
    },
  });
}
