import * as grpc from "@grpc/grpc-js";
import { Cancellation } from "../../core/cancellation.ts";
import { clockId, monotonicClock } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import { writeStatistics } from "../../core/oip/statistics.ts";
import { type Parameters, timedParameters } from "../../core/parameters.ts";
import type { ServingCore } from "../../core/serving-core.ts";
import type { InferenceServer, ServeOptions } from "../../core/transport.ts";
import { answering } from "./answering.ts";
import { type Arrival, readArrival } from "./arrival.ts";
import { cancellation } from "./cancellation.ts";
import { writeResponse } from "./codec.ts";
import { listen, serverOptions } from "./listen.ts";
import { type MessageForm, type OutgoingMessage, passThrough } from "./message.ts";
import { refuseMalformed } from "./refuse-malformed.ts";
import { servedTeller } from "./served-teller.ts";
import { repositoryHandlers } from "./server-repository.ts";
import { createStreamService, type StreamService } from "./server-stream.ts";
import { unsupportedHandlers } from "./server-unsupported.ts";
import { inferenceService, type NameAndVersion, silenceLibrary } from "./service.ts";
import { addStandardServices } from "./standard-services.ts";
import { writeFailure } from "./status.ts";

const { nowNs } = monotonicClock;

type Infer = grpc.handleUnaryCall<Arrival, OutgoingMessage>;

/**
 * Serves `inference.GRPCInferenceService` on a port.
 *
 * @throws {TransportError} UNAVAILABLE when the address cannot be had.
 */
export async function serveGrpc(core: ServingCore, options: ServeOptions): Promise<InferenceServer> {
  silenceLibrary();
  const tuned = options.tuning === "tuned";
  const server = new grpc.Server(serverOptions(options.maxPayloadBytes));
  const form = tuned ? "lazy" : "plain";
  const { maxPayloadBytes, onServed } = options;
  const streams = createStreamService(core, form, { maxPayloadBytes, onServed });
  addService(server, core, { form, maxPayloadBytes, onServed, streams });
  const health = addStandardServices(server, core);
  const { address, notes, shutDown } = await listen(server, "gRPC", options);
  let closed: Promise<void> | undefined;
  return {
    endpoint: `grpc://${address}`,
    notes,
    drain: () => health.drain(),
    close() {
      if (closed === undefined) {
        health.drain();
        health.endWatches();
        streams.drain();
      }
      closed ??= shutDown();
      return closed;
    },
  };
}

function addService(
  server: grpc.Server,
  core: ServingCore,
  options: {
    readonly form: MessageForm;
    readonly maxPayloadBytes: number;
    readonly onServed: ServeOptions["onServed"];
    readonly streams: StreamService;
  },
): void {
  const { form, streams } = options;
  const service = inferenceService();
  const messages = {
    requestDeserialize: readArrival,
    responseSerialize: passThrough,
  };
  const definition = {
    ...service,
    ModelInfer: { ...service.ModelInfer, ...messages },
    ModelStreamInfer: { ...service.ModelStreamInfer, ...messages },
  };
  const handlers = {
    ModelInfer: inferHandler(core, form, options),
    ModelStreamInfer: streams.handle,
    ServerLive: answering(() => ({ live: true })),
    ServerReady: answering(() => ({ ready: core.isReady() })),
    ServerMetadata: answering(() => core.serverMetadata()),
    ModelReady: answering(({ name, version }: NameAndVersion) => ({
      ready: isModelReady(core, name, version),
    })),
    ModelMetadata: answering(({ name, version }: NameAndVersion) =>
      core.modelMetadata(name, version || undefined),
    ),
    ModelConfig: answering(({ name, version }: NameAndVersion) => ({
      config: core.modelConfiguration(name, version || undefined),
    })),
    ModelStatistics: answering(({ name, version }: NameAndVersion) =>
      writeStatistics(core.statistics(name || undefined, version || undefined)),
    ),
    ...repositoryHandlers(core),
    ...unsupportedHandlers(),
  };
  const reading = ["ModelInfer", "ModelStreamInfer"];
  server.addService(...refuseMalformed(definition as grpc.ServiceDefinition, handlers, reading));
}

/** As Triton, of which clients ask this to learn whether a model is there: an unknown one is not ready, and no failure. */
function isModelReady(core: ServingCore, name: string, version: string): boolean {
  try {
    return core.isModelReady(name, version || undefined);
  } catch (reason) {
    if (TransportError.from(reason).status === "NOT_FOUND") return false;
    throw reason;
  }
}

function inferHandler(
  core: ServingCore,
  form: MessageForm,
  { maxPayloadBytes, onServed }: Pick<ServeOptions, "maxPayloadBytes" | "onServed">,
): Infer {
  const clock = { nowNs, clockId: clockId() };
  return (call, callback) => {
    const { inNs, request } = call.request;
    const tell = servedTeller(onServed, "grpc", call, call.request);
    const fail = (reason: unknown): void => {
      callback(writeFailure(reason));
      tell(reason);
    };
    if (request instanceof TransportError) {
      fail(request);
      return;
    }
    const gone = new Cancellation();
    let isDone = false;
    // grpc-js emits it at the end of every call, good ones too.
    call.on("cancelled", () => {
      if (!isDone) gone.abort(cancellation(call.getDeadline()));
    });
    // Up to here, where the core takes over: the library waits for the end of the stream in between.
    const decodeNs = nowNs() - inNs;
    core.infer(request, gone).then(
      (served) => {
        isDone = true;
        let message: OutgoingMessage;
        let parameters: Parameters | undefined;
        try {
          const takeParameters = () => (parameters = timedParameters(served, { inNs, decodeNs, ...clock }));
          message = writeResponse(served, takeParameters, form, maxPayloadBytes);
        } catch (reason) {
          fail(reason);
          return;
        }
        callback(null, message);
        tell(undefined, { served, parameters, message });
      },
      (reason: unknown) => {
        isDone = true;
        fail(reason);
      },
    );
  };
}
