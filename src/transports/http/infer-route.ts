import type { FastifyInstance } from "fastify";
import { Cancellation } from "../../core/cancellation.ts";
import { clockId } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import { clientAddress, type ServedRequest, statusOfOutcome } from "../../core/served-request.ts";
import type { ServingCore } from "../../core/serving-core.ts";
import { addPost } from "./add-route.ts";
import { compressFor } from "./compression.ts";
import { type AnsweredInfer, answerInfer, sendInfer } from "./infer-handler.ts";
import { type ModelParams, modelOf } from "./model-path.ts";
import { receiveBody } from "./receive-body.ts";

/** What the routes need to know of the server. */
export interface RouteOptions {
  readonly maxPayloadBytes: number;
  /** Whether connections shall not be used again after their answer. */
  readonly isClosing: () => boolean;
  /** As of `ServeOptions`. */
  readonly onServed?: ((served: ServedRequest) => void) | undefined;
}

/** `POST …/infer`, below the path of a model. */
export function addInferRoute(
  app: FastifyInstance,
  core: ServingCore,
  base: string,
  { maxPayloadBytes, isClosing, onServed }: RouteOptions,
): void {
  const clock = clockId();
  addPost<ModelParams>(app, `${base}/infer`, async (request, reply) => {
    const { raw } = reply;
    const path = modelOf(request.params);
    let requestBytes = 0;
    const tell = (
      reason: unknown,
      sent?: { readonly answer: AnsweredInfer; readonly bytes: number },
    ): void => {
      onServed?.({
        transport: "http",
        modelName: path.modelName,
        modelVersion: sent?.answer.modelVersion ?? path.modelVersion ?? "",
        id: sent?.answer.id ?? "",
        status: statusOfOutcome(reason),
        requestBytes,
        responseBytes: sent?.bytes ?? 0,
        parameters: sent?.answer.parameters,
        client: clientAddress(request.raw.socket),
      });
    };
    const gone = new Cancellation();
    const onClose = (): void =>
      gone.abort(new TransportError("CANCELLED", "the client closed the connection"));
    raw.once("close", onClose);
    try {
      const body = await receiveBody(request.raw, maxPayloadBytes);
      requestBytes = body.wireBytes;
      // While it was inflated, say.
      gone.throwIfAborted();
      const answer = await answerInfer(core, path, body, {
        clockId: clock,
        signal: gone,
        maxPayloadBytes,
      });
      const coded = await compressFor(request.headers["accept-encoding"], answer.body.parts);
      reply.hijack();
      sendInfer(raw, answer.body, { coded, isLast: isClosing() });
      tell(undefined, { answer, bytes: coded?.bytes.byteLength ?? answer.body.totalBytes });
    } catch (reason) {
      tell(reason);
      throw reason;
    } finally {
      raw.off("close", onClose);
    }
  });
}
