import type { ServerResponse } from "node:http";
import type { CancelSignal } from "../../core/cancellation.ts";
import { monotonicClock } from "../../core/clock.ts";
import { isBinaryOutput } from "../../core/oip/binary.ts";
import {
  parseInferRequest,
  type WrittenBody,
  type WrittenOutputs,
  writeInferResponse,
  writeOutputs,
} from "../../core/oip/json.ts";
import { rawBinaryRequest } from "../../core/oip/raw-binary.ts";
import { type Parameters, timedParameters } from "../../core/parameters.ts";
import type { ServingCore } from "../../core/serving-core.ts";
import { BINARY_TYPE, compact, HEADER_LENGTH, JSON_TYPE } from "./codec.ts";
import type { CodedBody } from "./compression.ts";
import { LARGE_JSON_BYTES, mayAnswerLargeJson } from "./large-json.ts";
import type { ModelPath } from "./model-path.ts";
import { checkAnswerBytes } from "./payload-too-large.ts";
import type { ReceivedBody } from "./receive-body.ts";

/** An answer, ready to be sent, and what it tells about itself. */
export interface AnsweredInfer {
  readonly body: WrittenBody;
  readonly modelVersion: string;
  readonly id: string;
  /** As they stand in the body. */
  readonly parameters: Parameters;
}

/** What both ways through the core have in common. */
interface Served {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly parameters?: Parameters | undefined;
  readonly finishedNs?: number | undefined;
}

/**
 * Answers one infer request. Small JSON is read and written here; large JSON, in either direction, goes through a worker of
 * the core (`inferEncoded`), so that this thread stays free for the sockets.
 *
 * @throws {TransportError} for every failure; nothing has been sent then.
 */
export async function answerInfer(
  core: ServingCore,
  path: ModelPath,
  { bytes, headerBytes: announcedBytes, inNs }: Omit<ReceivedBody, "wireBytes">,
  options: { readonly clockId: string; readonly signal: CancelSignal; readonly maxPayloadBytes: number },
): Promise<AnsweredInfer> {
  const headerBytes = announcedBytes ?? bytes.byteLength;
  const { signal, clockId, maxPayloadBytes } = options;
  const context = { headerBytes, ...path };
  const finish = (served: Served, outputs: WrittenOutputs, decodeNs: number): AnsweredInfer => {
    const marks = { inNs, decodeNs, nowNs: monotonicClock.nowNs, clockId };
    const parameters = timedParameters(served, marks);
    const body = writeInferResponse({ ...served, parameters }, outputs);
    checkAnswerBytes(body.totalBytes, maxPayloadBytes);
    return { body, modelVersion: served.modelVersion, id: served.id, parameters };
  };

  // A malformed length (NaN) is small, too: what is refused need not go to a worker.
  const isLargeRequest = headerBytes > LARGE_JSON_BYTES && headerBytes <= bytes.byteLength;
  if (!isLargeRequest && !(announcedBytes === undefined && mayAnswerLargeUnread(core, path, bytes))) {
    const { request, binaryOutputs } =
      announcedBytes === 0
        ? rawBinaryRequest(core.modelMetadata(path.modelName, path.modelVersion), bytes, {
            modelVersion: path.modelVersion,
            maxBatchSize: core.modelConfiguration(path.modelName, path.modelVersion).max_batch_size,
          })
        : parseInferRequest(bytes, context);
    const isBinary = (name: string): boolean => isBinaryOutput(binaryOutputs, name);
    const wantsJson =
      !binaryOutputs.byDefault && request.outputs?.every(({ name }) => isBinary(name)) !== true;
    const isLarge =
      (wantsJson || binaryOutputs.byName.size > 0) &&
      mayAnswerLargeJson(
        core.modelMetadata(path.modelName, path.modelVersion),
        request.outputs,
        (name) => !isBinary(name),
      );
    if (!isLarge) {
      const decodeNs = monotonicClock.nowNs() - inNs;
      const response = await core.infer(request, signal);
      return finish(response, writeOutputs(response.outputs, isBinary), decodeNs);
    }
  }
  const decodeNs = monotonicClock.nowNs() - inNs;
  const encoded = await core.inferEncoded(bytes, "oip-json", context, signal);
  return finish(encoded, { json: encoded.outputs, binary: encoded.binary }, decodeNs);
}

/**
 * Whether a body of JSON alone goes to a worker for its answer's sake, told without reading it: it names no outputs and
 * asks for none as binary, so all of them are JSON. What looks otherwise is read first.
 */
function mayAnswerLargeUnread(
  core: ServingCore,
  { modelName, modelVersion }: ModelPath,
  body: Uint8Array,
): boolean {
  if (!mayAnswerLargeJson(core.modelMetadata(modelName, modelVersion), undefined, () => true)) return false;
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return !text.includes("binary_data") && !text.includes('"outputs"');
}

/**
 * Sends an answer: header and parts in one gathered write, tensors by reference.
 *
 * @param options - `coded`: the body compressed, instead of its parts; `isLast`: the connection shall not be used again.
 */
export function sendInfer(
  response: ServerResponse,
  body: WrittenBody,
  { coded, isLast }: { readonly coded: CodedBody | undefined; readonly isLast: boolean },
): void {
  const parts = coded === undefined ? compact(body) : [coded.bytes];
  response.writeHead(200, {
    "content-type": body.hasBinary ? BINARY_TYPE : JSON_TYPE,
    "content-length": coded?.bytes.byteLength ?? body.totalBytes,
    ...(coded === undefined ? {} : { "content-encoding": coded.coding, vary: "accept-encoding" }),
    ...(body.hasBinary ? { [HEADER_LENGTH]: body.headerBytes } : {}),
    // HTTP/2 has GOAWAY for it.
    ...(isLast && response.req.httpVersionMajor < 2 ? { connection: "close" } : {}),
  });
  response.cork();
  for (const part of parts.slice(0, -1)) response.write(part);
  response.end(parts.at(-1));
  response.uncork();
}
