import type { RequestedOutput } from "../../core/inference.ts";
import type { ModelMetadata } from "../../core/metadata.ts";
import { type Datatype, elementCount } from "../../core/tensor.ts";

/** JSON beyond this many bytes is parsed and written in a worker: it would hold up every other socket. */
export const LARGE_JSON_BYTES = 65_536;

/** The longest text of one element, comma included; BYTES may be of any length. FP16 and BF16 have no JSON form. */
const TEXT_BYTES: Readonly<Record<Datatype, number>> = {
  BOOL: 6,
  UINT8: 4,
  UINT16: 6,
  UINT32: 11,
  UINT64: 21,
  INT8: 5,
  INT16: 7,
  INT32: 12,
  INT64: 21,
  FP16: 0,
  BF16: 0,
  FP32: 25,
  FP64: 25,
  BYTES: Number.POSITIVE_INFINITY,
};

/**
 * Whether the JSON of an answer may become large, judged by the model's signature before the run: an output with a free
 * dimension may have any size.
 *
 * @param requested - the outputs asked for; `undefined`: all.
 * @param isJson - whether an output is wanted as JSON numbers.
 */
export function mayAnswerLargeJson(
  { outputs }: ModelMetadata,
  requested: readonly RequestedOutput[] | undefined,
  isJson: (name: string) => boolean,
): boolean {
  let bytes = 0;
  for (const { name, datatype, shape } of outputs) {
    if (requested !== undefined && !requested.some((output) => output.name === name)) continue;
    if (!isJson(name)) continue;
    if (shape.some((size) => size < 0)) return true;
    bytes += elementCount(shape) * TEXT_BYTES[datatype];
  }
  return bytes > LARGE_JSON_BYTES;
}
