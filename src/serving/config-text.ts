import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import textFormat from "protobufjs/ext/textformat.js";
import { messageOf, ServingError } from "../core/errors.ts";

const PROTO = new URL("../../proto/inference.proto", import.meta.url);

let modelConfig: protobuf.Type | undefined;

function modelConfigType(): protobuf.Type {
  modelConfig ??= new protobuf.Root()
    .loadSync(fileURLToPath(PROTO), { keepCase: true })
    .lookupType("inference.ModelConfig");
  return modelConfig;
}

/** Texts and comments, which may hold anything. */
const TEXTS = /#[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
const TOKENS = /([{[<])|([}\]>])|([A-Za-z_]\w*)\s*(?=[:{<])/g;

/** The names of the fields of the outermost message. */
function outerFields(text: string): ReadonlySet<string> {
  const fields = new Set<string>();
  let depth = 0;
  for (const [, opening, closing, name] of text.replace(TEXTS, "''").matchAll(TOKENS)) {
    if (opening !== undefined) depth += 1;
    else if (closing !== undefined) depth -= 1;
    else if (name !== undefined && depth === 0) fields.add(name);
  }
  return fields;
}

/**
 * Reads a `config.pbtxt`: Triton's ModelConfig in protobuf's text format.
 *
 * @returns what the same configuration is as JSON (enums as texts, 64-bit numbers as numbers); a field that the project knows
 * and does not read is there as `true`.
 * @throws {ServingError} ERR_MODEL naming the file and, where the text has one, the line.
 * @see https://protobuf.dev/reference/protobuf/textformat-spec/
 */
export function readConfigText(text: string, where: string): Readonly<Record<string, unknown>> {
  const type = modelConfigType();
  let read: Readonly<Record<string, unknown>>;
  try {
    read = type.toObject(textFormat.fromText(type, text), { enums: String, longs: Number });
  } catch (cause) {
    const message = messageOf(cause).replaceAll(/\.?inference\./g, "");
    throw new ServingError("ERR_MODEL", `${where}: ${message}`, { cause });
  }
  const skipped = [...outerFields(text)].filter((name) => type.fields[name] === undefined);
  return { ...Object.fromEntries(skipped.map((name) => [name, true])), ...read };
}
