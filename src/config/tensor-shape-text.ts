import { isDatatype } from "../core/tensor.ts";
import type { TensorShape } from "../scenarios/foreign/tensor-shape.ts";

/**
 * The shape that a text such as `input:1,3,224,224` or `input:FP32:1,3,224,224` gives an input; `undefined` for a text that is none.
 * The name may hold colons.
 */
export function parseTensorShape(text: string): TensorShape | undefined {
  const match = /^(.+?)(?::([A-Z0-9]+))?:([\d,]+)$/.exec(text.trim());
  if (match === null) return undefined;
  const [, name = "", datatype, list = ""] = match;
  const dims = list.split(",").map((size) => (size === "" ? Number.NaN : Number(size)));
  if (dims.some((size) => !Number.isSafeInteger(size) || size < 1)) return undefined;
  if (datatype === undefined) return { name, dims };
  return isDatatype(datatype) ? { name, datatype, dims } : { name: `${name}:${datatype}`, dims };
}
