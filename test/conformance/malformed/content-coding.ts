import { brotliCompressSync, deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import type { Random } from "../../../dist/core/random.js";
import { mutateBytes, oneOf } from "./mutate.ts";

/** A body with the coding that its header names. */
export interface CodedBody {
  readonly coding: string;
  readonly bytes: Buffer;
}

/** A body in a coding, whole or damaged, in one that no server here knows, or under a name that is not its own. */
export function codeBody(body: Buffer, random: Random): CodedBody {
  const [coding, bytes] = oneOf(random, [
    ["gzip", mutateBytes(gzipSync(body), random)],
    ["deflate", mutateBytes(deflateSync(body), random)],
    ["gzip", gzipSync(mutateBytes(body, random))],
    ["deflate", deflateSync(mutateBytes(body, random))],
    ["gzip", mutateBytes(body, random)],
    ["deflate", gzipSync(body)],
    ["gzip", gzipSync(body)],
    ["br", brotliCompressSync(body)],
    ["br", body],
    ["gzip, gzip", gzipSync(gzipSync(body))],
  ] as const);
  return { coding, bytes };
}

/** What a body means by its `content-encoding`, in Node's own reading; `undefined`: it must be refused. */
export function decodeBody(coding: string | undefined, bytes: Buffer): Buffer | undefined {
  try {
    switch (coding) {
      case undefined:
        return bytes;
      case "gzip":
        return gunzipSync(bytes);
      case "deflate":
        return inflateSync(bytes);
      case "gzip, gzip":
        return gunzipSync(gunzipSync(bytes));
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}
