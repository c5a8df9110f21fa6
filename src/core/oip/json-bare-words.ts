import { JSON_BYTE, JsonScanner } from "../tfs/json-scanner.ts";
import { BARE_NUMBERS } from "./json-numbers.ts";

/** Nesting beyond that of any tensor; without a limit one request could take the whole stack. */
const MAX_DEPTH = 200;
const DIGITS = /^-?\d/;
/** By their first byte. */
const LITERALS: ReadonlyMap<number, readonly [word: string, value: boolean | null]> = new Map([
  [0x74, ["true", true]],
  [0x66, ["false", false]],
  [0x6e, ["null", null]],
]);

/**
 * Parses JSON in which elements of arrays may also be the bare words `NaN`, `Infinity`, `Inf` (with a minus or without), as
 * Triton reads and writes them and Python's json writes them: those become the symbols of `BARE_NUMBERS`. It is read once
 * more, value by value, only where it is no JSON otherwise and has such a word.
 *
 * @throws what `JSON.parse` throws, or a TransportError INVALID_ARGUMENT.
 */
export function parseWithBareWords(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (reason) {
    if (!text.includes("NaN") && !text.includes("Inf")) throw reason;
  }
  const scanner = new JsonScanner(Buffer.from(text, "utf8"));
  const value = readValue(scanner, 0);
  scanner.end();
  return value;
}

function readValue(scanner: JsonScanner, depth: number): unknown {
  if (depth > MAX_DEPTH) throw scanner.error("Nesting is too deep.");
  const byte = scanner.peek();
  if (byte === JSON_BYTE.quote) return scanner.text();
  if (byte === JSON_BYTE.openArray) {
    const elements: unknown[] = [];
    scanner.elements(() => elements.push(readValue(scanner, depth + 1)));
    return elements;
  }
  if (byte === JSON_BYTE.openObject) {
    const members: [string, unknown][] = [];
    scanner.members((name) => {
      const value = readValue(scanner, depth + 1);
      if (typeof value === "symbol") throw scanner.error(`Member '${name.slice(0, 40)}' is no JSON value.`);
      members.push([name, value]);
    });
    return Object.fromEntries(members);
  }
  const literal = LITERALS.get(byte);
  if (literal !== undefined && scanner.literal(literal[0])) return literal[1];
  const number = scanner.number();
  // Digits may be too many for a double, too: `JSON.parse` makes the same of them.
  if (Number.isFinite(number) || DIGITS.test(scanner.numberText())) return number;
  return BARE_NUMBERS.get(number);
}
