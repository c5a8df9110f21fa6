import {
  DECODE_NS,
  ENCODE_NS,
  INFER_NS,
  type Parameters,
  POSTPROCESS_NS,
  PREPROCESS_NS,
  QUEUE_NS,
} from "../../core/parameters.ts";
import type { ServedRequest } from "../../core/served-request.ts";

/** Names in the log, and the response parameters that they are taken from. */
const STAGES = [
  ["decode_ms", DECODE_NS],
  ["queue_ms", QUEUE_NS],
  ["preprocess_ms", PREPROCESS_NS],
  ["infer_ms", INFER_NS],
  ["postprocess_ms", POSTPROCESS_NS],
  ["encode_ms", ENCODE_NS],
] as const;

/**
 * One request as a line of JSON, line end included. A stage that was none of its own is absent.
 *
 * @param atMs - when the answer was handed over, milliseconds since the epoch.
 * @param worker - the number of the process that served it.
 */
export function requestLine(served: ServedRequest, atMs: number, worker: number): string {
  const { transport, modelName, modelVersion, id, status, requestBytes, responseBytes, client } = served;
  const line = {
    time: new Date(atMs).toISOString(),
    worker,
    transport,
    client,
    model: modelName,
    version: modelVersion,
    id,
    status,
    request_bytes: requestBytes,
    response_bytes: responseBytes,
    ...stagesOf(served.parameters),
  };
  return `${JSON.stringify(line)}\n`;
}

function stagesOf(parameters: Parameters | undefined): Readonly<Record<string, number>> {
  const stages: Record<string, number> = {};
  if (parameters === undefined) return stages;
  for (const [name, parameter] of STAGES) {
    const ns = parameters[parameter];
    if (typeof ns === "number") stages[name] = Math.round(ns / 1e3) / 1e3;
  }
  return stages;
}
