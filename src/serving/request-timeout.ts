import { TransportError } from "../core/errors.ts";
import { parseWithBareWords } from "../core/oip/json-bare-words.ts";
import { type Parameters, TIMEOUT_US } from "../core/parameters.ts";
import type { EncodedBody } from "./model-host.ts";

/** Of JSON up to this size all is read for a timeout; larger JSON would hold up the sockets. */
const WHOLE_BYTES = 65_536;
/** Of larger JSON so much is looked at, at each end. */
const EDGE_BYTES = 2_048;

/** The request's own parameters before its inputs, with at most an id in front of them, and behind everything else. */
const FIRST_PARAMETERS = /^\s*\{\s*(?:"id"\s*:\s*"[^"\\]*"\s*,\s*)?"parameters"\s*:\s*(\{[^{}]*\})/;
const LAST_PARAMETERS = /[,{]\s*"parameters"\s*:\s*(\{[^{}]*\})\s*\}\s*$/;

/**
 * Triton's `timeout` parameter of a request, microseconds; `undefined` when there is none (0 means none, too).
 * @throws {TransportError} INVALID_ARGUMENT when it is not a number of microseconds.
 */
export function requestTimeoutUs(parameters: Parameters | undefined): number | undefined {
  const timeoutUs = parameters?.[TIMEOUT_US];
  if (timeoutUs === undefined || timeoutUs === 0) return undefined;
  if (typeof timeoutUs === "number" && timeoutUs > 0) return timeoutUs;
  throw new TransportError(
    "INVALID_ARGUMENT",
    `parameter ${TIMEOUT_US}: expected microseconds from 0, got ${timeoutUs}`,
  );
}

/**
 * The same of a body that a worker will read, as far as it can be told at once: of large JSON where the parameters come first or
 * last, as clients write them. The worker reads it again, and says what is wrong with a body.
 */
export function encodedTimeoutUs({ body, codec, context }: EncodedBody): number | undefined {
  try {
    if (codec === "tfs-json") return requestTimeoutUs(context.predict?.envelope?.parameters);
    const json = Buffer.from(body.buffer, body.byteOffset, Math.min(context.headerBytes, body.byteLength));
    return requestTimeoutUs(json.byteLength > WHOLE_BYTES ? edgeParameters(json) : wholeParameters(json));
  } catch {
    return undefined;
  }
}

function wholeParameters(json: Buffer): Parameters | undefined {
  if (!json.includes(`"${TIMEOUT_US}"`)) return undefined;
  return (parseWithBareWords(json.toString()) as { readonly parameters?: Parameters }).parameters;
}

function edgeParameters(json: Buffer): Parameters | undefined {
  const found =
    FIRST_PARAMETERS.exec(json.toString("latin1", 0, EDGE_BYTES)) ??
    LAST_PARAMETERS.exec(json.toString("latin1", json.byteLength - EDGE_BYTES));
  return found === null ? undefined : (JSON.parse(found[1]!) as Parameters);
}
