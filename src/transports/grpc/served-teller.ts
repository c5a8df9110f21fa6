import { TransportError } from "../../core/errors.ts";
import type { InferResponse } from "../../core/inference.ts";
import type { Parameters } from "../../core/parameters.ts";
import { statusOfOutcome } from "../../core/served-request.ts";
import type { ServeOptions } from "../../core/transport.ts";
import type { Arrival } from "./arrival.ts";
import type { OutgoingMessage } from "./message.ts";

/** A good answer as it was handed to the library. */
interface Answer {
  readonly served: InferResponse;
  readonly parameters: Parameters | undefined;
  readonly message: OutgoingMessage;
}

/** Tells of one request: why it failed, or (`undefined`) what was answered. */
export type TellServed = (reason: unknown, answer?: Answer) => void;

const TELL_NOBODY: TellServed = () => {};

/** @param call - whose client is named. */
export function servedTeller(
  onServed: ServeOptions["onServed"],
  transport: "grpc" | "grpc-stream",
  call: { getPeer(): string },
  { request, requestBytes }: Arrival,
): TellServed {
  if (onServed === undefined) return TELL_NOBODY;
  const asked = request instanceof TransportError ? undefined : request;
  return (reason, answer) =>
    onServed({
      transport,
      modelName: asked?.modelName ?? "",
      modelVersion: answer?.served.modelVersion ?? asked?.modelVersion ?? "",
      id: asked?.id ?? "",
      status: statusOfOutcome(reason),
      requestBytes,
      responseBytes: answer?.message.byteLength ?? 0,
      parameters: answer?.parameters,
      client: call.getPeer(),
    });
}
