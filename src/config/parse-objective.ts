import { ConfigError, type ConfigProblem } from "../core/errors.ts";
import type { Objective, ObjectiveTerm } from "../recording/peak/objective.ts";
import { parseDurationMs } from "./duration.ts";

const FORMS = "p99=50ms, p50=…, p99.9=…, error-rate<1%, goodput>99% (with --deadline), joined by commas";

/**
 * Reads an objective: `p99=50ms,error-rate<1%`. `=`, `<` and `<=` all mean "at most"; for goodput `=`, `>` and `>=` mean
 * "at least".
 *
 * @param deadlineMs - what goodput is counted by.
 * @throws {ConfigError} ERR_CONFIG naming every term that cannot be read.
 */
export function parseObjective(text: string, deadlineMs: number | undefined): Objective {
  const problems: ConfigProblem[] = [];
  const problem = (message: string): undefined => {
    problems.push({ path: "--slo", message });
  };
  const terms: ObjectiveTerm[] = [];
  for (const part of text.split(",").map((piece) => piece.trim())) {
    const term = parseTerm(part, deadlineMs);
    if (typeof term === "string") problem(term);
    else if (terms.some((known) => nameOf(known) === nameOf(term))) problem(`${nameOf(term)} is named twice`);
    else terms.push(term);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return { text, terms };
}

function nameOf(term: ObjectiveTerm): string {
  return term.kind === "percentile" ? term.name : term.kind;
}

/** A term, or what is wrong with it. */
function parseTerm(text: string, deadlineMs: number | undefined): ObjectiveTerm | string {
  const match = /^([a-z][a-z0-9.-]*)\s*(<=|>=|=|<|>)\s*(.+)$/i.exec(text);
  if (match === null) return `expected ${FORMS}, got '${text}'`;
  const [, rawName = "", relation = "", value = ""] = match;
  const name = rawName.toLowerCase();
  const wrongWay = (expected: string): string => `'${text}': ${name} takes ${expected}`;
  if (name === "error-rate") {
    if (relation.startsWith(">")) return wrongWay("=, < or <=");
    const share = parseShare(value);
    if (share === undefined || share >= 1)
      return `'${text}': expected a share below 100 %, such as 1% or 0.01`;
    return { kind: "error-rate", share };
  }
  if (name === "goodput") {
    if (relation.startsWith("<")) return wrongWay("=, > or >=");
    const share = parseShare(value);
    if (share === undefined || share <= 0) return `'${text}': expected a share of the requests, such as 99%`;
    if (deadlineMs === undefined) return `'${text}': goodput counts answers within --deadline: give one`;
    return { kind: "goodput", share, deadlineMs };
  }
  const percentile = /^p(\d{1,2}(?:\.\d{1,2})?)$/.exec(name);
  const perMille = Number((Number(percentile?.[1]) * 10).toFixed(1));
  if (percentile === null || !(perMille > 0)) return `expected ${FORMS}, got '${text}'`;
  if (relation.startsWith(">")) return wrongWay("=, < or <=");
  const boundMs = /[a-z]$/i.test(value) ? parseDurationMs(value) : undefined;
  if (boundMs === undefined || boundMs <= 0) {
    return `'${text}': expected a time with its unit, such as 50ms or 1.5s`;
  }
  return { kind: "percentile", name: `p${Number(percentile[1])}`, perMille, boundMs };
}

/** 0 to 1 of `1%` or `0.01`. */
function parseShare(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?|\.\d+)\s*(%?)$/.exec(text);
  if (match === null) return undefined;
  const share = Number(match[1]) / (match[2] === "%" ? 100 : 1);
  return share <= 1 ? share : undefined;
}
