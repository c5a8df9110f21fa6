import { promisify } from "node:util";
import { deflate, gunzip, gzip, inflate } from "node:zlib";
import { messageOf, TransportError } from "../../core/errors.ts";
import { PayloadTooLargeError } from "./payload-too-large.ts";

/** The codings of HTTP that Triton speaks; `deflate` is zlib's form. */
export type Coding = "gzip" | "deflate";

const DECODERS = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const;
const ENCODERS = { gzip: promisify(gzip), deflate: promisify(deflate) } as const;
/** Speed over size: a camera frame hardly gets smaller. */
const LEVEL = 1;

/**
 * The coding of a request body; `undefined` for none.
 * @throws {TransportError} UNIMPLEMENTED for another one than gzip and deflate.
 */
export function codingOf(contentEncoding: string | undefined): Coding | undefined {
  const name = contentEncoding?.trim().toLowerCase();
  if (name === undefined || name === "identity") return undefined;
  if (name === "gzip" || name === "deflate") return name;
  throw new TransportError("UNIMPLEMENTED", `Content-Encoding '${contentEncoding}' is not supported`);
}

/**
 * Undoes a coding on a thread of Node's pool.
 *
 * @throws {TransportError} RESOURCE_EXHAUSTED when it becomes longer than `maxBytes` (no more than that is ever held),
 * INVALID_ARGUMENT when it is damaged.
 */
export async function decompress(bytes: Uint8Array, coding: Coding, maxBytes: number): Promise<Uint8Array> {
  try {
    return await DECODERS[coding](bytes, { maxOutputLength: maxBytes });
  } catch (reason) {
    if (reason instanceof Error && "code" in reason && reason.code === "ERR_BUFFER_TOO_LARGE") {
      const text = `the ${coding} body inflates to more than the limit of ${maxBytes} bytes`;
      throw new PayloadTooLargeError(text, { cause: reason });
    }
    const text = `the body is not ${coding}: ${messageOf(reason)}`;
    throw new TransportError("INVALID_ARGUMENT", text, { cause: reason });
  }
}

/** The coding that a client prefers of those there are; `undefined` when it asks for none of them. */
function acceptedCoding(acceptEncoding: string | undefined): Coding | undefined {
  let best: Coding | undefined;
  let bestQuality = 0;
  for (const entry of acceptEncoding?.split(",") ?? []) {
    const [name = "", ...parameters] = entry.split(";").map((part) => part.trim().toLowerCase());
    const quality = Number(parameters.find((part) => part.startsWith("q="))?.slice(2) ?? 1);
    if ((name === "gzip" || name === "deflate") && quality > bestQuality) {
      best = name;
      bestQuality = quality;
    }
  }
  return best;
}

/** A whole body, compressed. */
export interface CodedBody {
  readonly coding: Coding;
  readonly bytes: Uint8Array;
}

/**
 * Compresses the parts of an answer into one, on a thread of Node's pool, where the client asks for it. The time counts as
 * downlink: the server's last mark is inside what is compressed.
 */
export async function compressFor(
  acceptEncoding: string | undefined,
  parts: readonly Uint8Array[],
): Promise<CodedBody | undefined> {
  const coding = acceptedCoding(acceptEncoding);
  if (coding === undefined) return undefined;
  return { coding, bytes: await ENCODERS[coding](Buffer.concat(parts), { level: LEVEL }) };
}
