import { type Command, Option } from "commander";
import type { BenchSettings } from "../config/bench-schema.ts";
import { benchSchema } from "../config/bench-schema.ts";
import { validate } from "../config/validate.ts";
import type { ConfigProblem } from "../core/errors.ts";
import { OPTION_GROUPS, type OptionForm, type OptionRow } from "./bench-option-groups.ts";

const ROWS: readonly OptionRow[] = OPTION_GROUPS.flatMap(({ rows }) => rows);

/** Adds the options that describe cells and load; commands that measure share them. */
export function addBenchOptions(command: Command): Command {
  for (const { heading, rows } of OPTION_GROUPS) {
    for (const { flags, help, form } of rows) {
      const option = new Option(flags, help).helpGroup(heading);
      command.addOption(form === "repeated" ? option.argParser(collect) : option);
    }
  }
  return command;
}

/** The options as given, validated under their flags' names. */
export function parseBenchOptions(given: Readonly<Record<string, unknown>>): {
  readonly settings: BenchSettings;
  readonly problems: readonly ConfigProblem[];
} {
  const raw: Record<string, unknown> = {};
  for (const { key, form } of ROWS) {
    const value = given[key];
    if (value === undefined) continue;
    raw[key] = form === "flag" || form === "repeated" ? value : rawValue(String(value), form);
  }
  const flagOf = (path: readonly PropertyKey[]): string =>
    ROWS.find(({ key }) => key === path[0])?.flags.split(" ")[0] ?? `--${String(path[0])}`;
  const result = validate(benchSchema, raw, flagOf);
  return result.problems === undefined
    ? { settings: result.value, problems: [] }
    : { settings: {}, problems: result.problems };
}

/** An option that may be given several times. */
function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

function rawValue(text: string, form: Exclude<OptionForm, "flag" | "repeated">): unknown {
  const number = (part: string): unknown =>
    /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(part) ? Number(part) : part;
  const parts = text.split(",").map((part) => part.trim());
  switch (form) {
    case "list":
      return parts;
    case "numbers":
      return parts.map(number);
    case "number":
      return number(text.trim());
    case "text":
      return text;
  }
}
