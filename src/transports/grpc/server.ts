import * as grpc from "@grpc/grpc-js";
import { clockId, monotonicClock } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import { writeStatistics } from "../../core/oip/statistics.ts";
import { type Parameters, timedParameters } from "../../core/parameters.ts";
import type { ServingCore } from "../../core/serving-core.ts";
import type { InferenceServer, ServeOptions } from "../../core/transport.ts";
import { hostPort, listenError } from "./address.ts";
import { type Arrival, readArrival } from "./arrival.ts";
import { writeResponse } from "./codec.ts";
import { guardConnections } from "./connection-guard.ts";
import { type MessageForm, type OutgoingMessage, passThrough } from "./message.ts";
import { refuseMalformed } from "./refuse-malformed.ts";
import { servedTeller } from "./served-teller.ts";
import { repositoryHandlers } from "./server-repository.ts";
import { createStreamService, type StreamService } from "./server-stream.ts";
import { unsupportedHandlers } from "./server-unsupported.ts";
import { inferenceService, type NameAndVersion, silenceLibrary } from "./service.ts";
import { addStandardServices } from "./standard-services.ts";
import { writeFailure } from "./status.ts";
import { WINDOW_BYTES, widenServerWindows } from "./windows.ts";

const CLOSE_TIMEOUT_MS = 5000;
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
  const server = new grpc.Server({
    "grpc.max_receive_message_length": options.maxPayloadBytes,
    "grpc.max_send_message_length": options.maxPayloadBytes,
  });
  const form = tuned ? "lazy" : "plain";
  const { maxPayloadBytes, onServed, limits = {} } = options;
  const streams = createStreamService(core, form, { maxPayloadBytes, onServed });
  addService(server, core, { form, maxPayloadBytes, onServed, streams });
  const standard = addStandardServices(server);
  const port = await bind(server, hostPort(options.host, options.port));
  const notes: string[] = [];
  if (tuned) {
    const widened = widenServerWindows(server, WINDOW_BYTES);
    notes.push(
      widened
        ? `gRPC server: HTTP/2 windows of ${WINDOW_BYTES} bytes, messages written straight into the frame`
        : "gRPC server: HTTP/2 windows could not be widened with this version of @grpc/grpc-js",
    );
  }
  const isLimited = limits.maxConnections !== undefined || limits.requestTimeoutMs !== undefined;
  if (isLimited && !guardConnections(server, limits)) {
    notes.push("gRPC server: connections could not be limited with this version of @grpc/grpc-js");
  }
  let closed: Promise<void> | undefined;
  return {
    endpoint: `grpc://${hostPort(options.host, port)}`,
    notes,
    drain: () => standard.drain(),
    close() {
      if (closed === undefined) {
        standard.drain();
        streams.drain();
      }
      closed ??= shutDown(server, limits.closeTimeoutMs ?? CLOSE_TIMEOUT_MS);
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
    ModelReady: answering(({ name, version }) => ({ ready: isModelReady(core, name, version) })),
    ModelMetadata: answering(({ name, version }) => core.modelMetadata(name, version || undefined)),
    ModelConfig: answering(({ name, version }) => ({
      config: core.modelConfiguration(name, version || undefined),
    })),
    ModelStatistics: answering(({ name, version }) =>
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

/** Handles a call that the core answers at once. */
function answering(
  answer: (request: NameAndVersion) => object,
): grpc.handleUnaryCall<NameAndVersion, object> {
  return (call, callback) => {
    let value: object;
    try {
      value = answer(call.request);
    } catch (reason) {
      callback(writeFailure(reason));
      return;
    }
    callback(null, value);
  };
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
    const controller = new AbortController();
    let isDone = false;
    // grpc-js emits it at the end of every call, good ones too.
    call.on("cancelled", () => {
      if (!isDone) controller.abort(cancellation(call.getDeadline()));
    });
    // Up to here, where the core takes over: the library waits for the end of the stream in between.
    const decodeNs = nowNs() - inNs;
    core.infer(request, controller.signal).then(
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

function cancellation(deadline: grpc.Deadline): TransportError {
  return Number(deadline) <= Date.now()
    ? new TransportError("DEADLINE_EXCEEDED", "the request's deadline is over")
    : new TransportError("CANCELLED", "the client cancelled the request");
}

function bind(server: grpc.Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(listenError(address, error));
    });
  });
}

function shutDown(server: grpc.Server, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), timeoutMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
