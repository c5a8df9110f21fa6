import type { z } from "zod";
import { ConfigError, type ConfigProblem } from "../core/errors.ts";

/** `also[2].transport` from a path of keys and indices; the empty path is `(whole)`. */
function pathText(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path)
    text += typeof part === "number" ? `[${part}]` : text === "" ? String(part) : `.${String(part)}`;
  return text === "" ? "(whole)" : text;
}

function found(value: unknown): string {
  return typeof value === "string"
    ? `'${value}'`
    : typeof value === "object"
      ? JSON.stringify(value)
      : String(value);
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
  return value;
}

/** What one schema issue says, one problem per unknown key; of a union, the branch that went deepest speaks. */
function problemsOf(
  issue: z.core.$ZodIssue,
  value: unknown,
  name: (path: readonly PropertyKey[]) => string,
): ConfigProblem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: name([...issue.path, key]), message: "unknown option" }));
  }
  if (issue.code === "invalid_union") {
    const input = valueAt(value, issue.path);
    const branches = issue.errors.filter((branch) => branch.length > 0);
    const branch = (Array.isArray(input) ? branches[0] : branches.at(-1)) ?? [];
    return branch.flatMap((inner) =>
      problemsOf({ ...inner, path: [...issue.path, ...inner.path] } as z.core.$ZodIssue, value, name),
    );
  }
  const input = valueAt(value, issue.path);
  const expectation = issue.message
    .replace(/^Invalid (input|option|string): /, "")
    .replace(/, received .*$/, "")
    .replace(/"/g, "'");
  const message = expectation.includes("got ") ? expectation : `${expectation}, got ${found(input)}`;
  return [{ path: name(issue.path), message: message.replace(/^Too (small|big): /, "") }];
}

export type Validated<T> =
  | { readonly value: T; readonly problems?: undefined }
  | { readonly problems: readonly ConfigProblem[] };

/** Validates and gives either the value or every problem, each with its path. */
export function validate<S extends z.ZodType>(
  schema: S,
  value: unknown,
  name: (path: readonly PropertyKey[]) => string = pathText,
): Validated<z.output<S>> {
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data };
  return { problems: result.error.issues.flatMap((issue) => problemsOf(issue, value, name)) };
}

/** The value, or a `ConfigError` with every problem. @throws {ConfigError} */
export function validated<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = validate(schema, value);
  if (result.problems !== undefined) throw new ConfigError(result.problems);
  return result.value;
}
