import { isDeepStrictEqual } from "node:util";
import type { JsonValue, Report } from "../report.ts";

/**
 * What all environments share, each fact in its place; a fact in which they differ is a list, one of each host; all hosts whole
 * under `hosts`.
 */
export function mergedEnvironment(all: readonly Report["environment"][]): Report["environment"] {
  const names = [...new Set(all.flatMap((environment) => Object.keys(environment)))];
  const facts = names.map((name): readonly [string, JsonValue] => {
    const values = all.map((environment) => environment[name]);
    return [name, values.every((value) => isDeepStrictEqual(value, values[0])) ? values[0] : values];
  });
  return { ...Object.fromEntries(facts), hosts: all };
}
