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
const TOKENS = /([{[<])|([}\]>])|([A-Za-z_]\w*)\s*(?=[:{<[])/g;

/** What a bracket opens: a message, or a list of messages or scalars. */
interface Scope {
  /** Of the message, or of each in the list; undefined for scalars, and for what is in a field that is not read. */
  readonly type: protobuf.Type | undefined;
  /** `instance_group`; empty for the outermost message. */
  readonly path: string;
  readonly isList: boolean;
}

/** The paths of the fields that a text names and the project does not read, at every depth. The text is known to be valid. */
function skippedFields(outermost: protobuf.Type, text: string): ReadonlySet<string> {
  const skipped = new Set<string>();
  const scopes: Scope[] = [{ type: outermost, path: "", isList: false }];
  let named: Omit<Scope, "isList"> = { type: undefined, path: "" };
  for (const [, opening, closing, name] of text.replace(TEXTS, "''").matchAll(TOKENS)) {
    const scope = scopes.at(-1);
    if (closing !== undefined) scopes.pop();
    else if (scope === undefined) break;
    else if (opening !== undefined) {
      const of = scope.isList ? scope : named;
      scopes.push({ type: of.type, path: of.path, isList: opening === "[" });
    } else if (name !== undefined && !scope.isList) {
      const path = scope.path === "" ? name : `${scope.path}.${name}`;
      const field = scope.type?.fields[name]?.resolve();
      if (scope.type !== undefined && field === undefined) skipped.add(path);
      named = { type: field?.resolvedType instanceof protobuf.Type ? field.resolvedType : undefined, path };
    }
  }
  return skipped;
}

/**
 * Reads a `config.pbtxt`: Triton's ModelConfig in protobuf's text format.
 *
 * @returns what the same configuration is as JSON (enums as texts, 64-bit numbers as numbers); a field that the project knows
 * and does not read is there as `true`, under its path (`dynamic_batching.default_queue_policy`).
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
  const skipped = [...skippedFields(type, text)];
  return { ...Object.fromEntries(skipped.map((name) => [name, true])), ...read };
}
