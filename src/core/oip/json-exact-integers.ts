import { parseWithBareWords } from "./json-bare-words.ts";

/**
 * All of a number, and what tells whether it stands inside a text. Texts are not matched as one: the stack of a regular
 * expression ends at some million escapes.
 */
const TOKEN = /\\.|"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** From 16 digits on an integer may lie beyond 2^53, where `JSON.parse` rounds. */
const LONG_INTEGER = /^-?\d{16,}$/;
const SIXTEEN_DIGITS = /\d{16}/;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Gives the INT64 and UINT64 tensors of a message their numbers with all digits: what `JSON.parse` would have rounded
 * stands as text in their `data`. Costs a second parse, and only where there is such a tensor and a long number.
 *
 * @param fields - the message parsed from `text`, returned as it is when nothing is to be done.
 * @param member - where the tensors are.
 */
export function withExactIntegers(fields: Fields, text: string, member: "inputs" | "outputs"): Fields {
  const tensors = fields[member];
  if (!Array.isArray(tensors) || !tensors.some(isWide) || !SIXTEEN_DIGITS.test(text)) return fields;
  let isInText = false;
  const quoted = text.replace(TOKEN, (token) => {
    if (token === '"') isInText = !isInText;
    return !isInText && LONG_INTEGER.test(token) ? `"${token}"` : token;
  });
  // The same text but for the quotes: it parses, to a value of the same form.
  const exact = parseWithBareWords(quoted) as Record<string, readonly Fields[]>;
  return {
    ...fields,
    [member]: tensors.map((tensor: Fields, i) =>
      isWide(tensor) ? { ...tensor, data: exact[member]?.[i]?.["data"] } : tensor,
    ),
  };
}

/** Whether a tensor has 64-bit integers in the JSON. */
function isWide(tensor: unknown): boolean {
  if (typeof tensor !== "object" || tensor === null || !("datatype" in tensor) || !("data" in tensor)) {
    return false;
  }
  return (tensor.datatype === "INT64" || tensor.datatype === "UINT64") && Array.isArray(tensor.data);
}
