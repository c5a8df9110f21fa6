import { InputError } from "../core/errors.ts";

/** One element of a flat XML file. */
export interface FlatElement {
  readonly attributes: ReadonlyMap<string, string>;
  /** Where it begins, from 1. */
  readonly line: number;
}

export interface FlatXmlOptions {
  /** What errors begin with, e.g. the file's path. */
  readonly where: string;
  readonly root: string;
  readonly element: string;
}

const NAME = String.raw`[A-Za-z_:][\w:.-]*`;
/** Declaration, comments and white space may stand anywhere between elements. */
const SKIP = /(?:\s+|<\?[^?]*\?>|<!--[\s\S]*?-->)*/y;
const TAG = new RegExp(String.raw`<(${NAME})((?:\s+${NAME}\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(/?)>`, "y");
const ATTRIBUTE = new RegExp(String.raw`(${NAME})\s*=\s*(?:"([^"]*)"|'([^']*)')`, "g");
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/**
 * Reads XML that is one root with one kind of empty element in it, and refuses everything else: text, other elements,
 * nesting, document types, unknown entities. That is all that palettes need, so it is no parser of XML at large.
 *
 * @throws {InputError} with the line, what was expected and what was found.
 */
export function readFlatXml(xml: string, { where, root, element }: FlatXmlOptions): readonly FlatElement[] {
  let at = xml.startsWith("\uFEFF") ? 1 : 0;
  const line = (): number => xml.slice(0, at).split("\n").length;
  const wrong = (expected: string): InputError => {
    const found = xml.slice(at, at + 32).split(/[\r\n]/)[0] ?? "";
    const text = at >= xml.length ? "the end of the file" : `'${found}'`;
    return new InputError(`${where}: line ${line()}: expected ${expected}, got ${text}`);
  };
  const skip = (): void => {
    SKIP.lastIndex = at;
    at += SKIP.exec(xml)?.[0].length ?? 0;
  };
  const accept = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(xml) ?? undefined;
    if (match !== undefined) at += match[0].length;
    return match;
  };

  skip();
  const start = at;
  const opened = accept(TAG);
  if (opened?.[1] !== root) {
    at = start;
    throw wrong(`<${root}>`);
  }
  const elements: FlatElement[] = [];
  const closing = new RegExp(String.raw`</${root}\s*>`, "y");
  const elementEnd = new RegExp(String.raw`\s*</${element}\s*>`, "y");
  for (let open = opened[3] === ""; open; ) {
    skip();
    if (accept(closing) !== undefined) break;
    const begin = at;
    const beginLine = line();
    const tag = accept(TAG);
    if (tag?.[1] !== element) {
      at = begin;
      throw wrong(`<${element} …/> or </${root}>`);
    }
    if (tag[3] === "" && accept(elementEnd) === undefined) throw wrong(`</${element}>`);
    elements.push({ attributes: attributesOf(tag[2] ?? "", `${where}: line ${beginLine}`), line: beginLine });
  }
  skip();
  if (at < xml.length) throw wrong("the end of the file");
  return elements;
}

function attributesOf(text: string, where: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name = "", double, single] of text.matchAll(ATTRIBUTE)) {
    if (attributes.has(name)) throw new InputError(`${where}: the attribute ${name} is there twice`);
    attributes.set(name, decodeEntities(double ?? single ?? "", where));
  }
  return attributes;
}

function decodeEntities(text: string, where: string): string {
  return text.replace(/&([^;]*;?)/g, (entity, body: string) => {
    const name = body.replace(/;$/, "");
    const known = ENTITIES[name];
    if (known !== undefined && body.endsWith(";")) return known;
    const code = /^#(\d+|x[\da-f]+);$/i.exec(body)?.[1];
    const point = code === undefined ? Number.NaN : Number(code.startsWith("x") ? `0${code}` : code);
    if (point > 0 && point <= 0x10ffff) return String.fromCodePoint(point);
    throw new InputError(`${where}: '${entity}' is no entity that is known here`);
  });
}
