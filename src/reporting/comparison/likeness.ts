import { isDeepStrictEqual } from "node:util";
import type { JsonValue, Report } from "../report.ts";

/** A report and where it came from. */
export interface NamedReport {
  readonly path: string;
  readonly report: Report;
}

/** What of the environment is the machine; the rest (versions of the project and its libraries, the commit) is what may be compared. */
const MACHINE = [
  "hostname",
  "os",
  "kernel",
  "cpuModel",
  "cpus",
  "memoryMb",
  "clockSource",
  "tcpCongestionControl",
  "gpu",
  "gpuDriver",
  "node",
] as const;

/** What of the configuration does not change what is measured: cells are matched by their own keys. */
const FREE: ReadonlySet<string> = new Set([
  "name",
  "out",
  "seed",
  "repetitions",
  "dimensions",
  "also",
  "asked",
  "repository",
  "url",
  // What a merged result is made of: each generator's own settings.
  "mergedFrom",
  "saveRequests",
  "waterfall",
]);

/** The same machine sees a little more or less memory after a boot. */
const MEMORY_SHARE = 0.02;

/**
 * What makes the numbers of two reports unlike: machine and configuration, a line each; empty when they may be compared.
 */
export function unlikeness(a: NamedReport, b: NamedReport): readonly string[] {
  const line = (what: string, was: JsonValue, is: JsonValue): string =>
    `${what}: ${valueText(was)} in ${a.path}, ${valueText(is)} in ${b.path}`;
  const machine = MACHINE.flatMap((name) => {
    const [was, is] = [a.report.environment[name], b.report.environment[name]];
    return name === "memoryMb"
      ? nearlySame(was, is)
        ? []
        : [line(name, was, is)]
      : same(was, is)
        ? []
        : [line(name, was, is)];
  });
  const settings = unlikeSettings(a.report.configuration, b.report.configuration);
  return [...machine, ...settings.map(({ name, was, is }) => line(name, was, is))];
}

/** A setting that changes what is measured, and its two values. */
export interface UnlikeSetting {
  readonly name: string;
  readonly was: JsonValue;
  readonly is: JsonValue;
}

/** The settings in which two configurations do not measure the same. */
export function unlikeSettings(
  a: Report["configuration"],
  b: Report["configuration"],
): readonly UnlikeSetting[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((name) => !FREE.has(name) && !same(a[name], b[name]))
    .map((name) => ({ name, was: a[name], is: b[name] }));
}

/** What differs and may: commits and versions, for the reader. */
export function versionNotes(a: NamedReport, b: NamedReport): readonly string[] {
  const packages = ({ report }: NamedReport): Readonly<Record<string, JsonValue>> => {
    const found = report.environment["packages"];
    return typeof found === "object" && found !== null && !Array.isArray(found)
      ? (found as Readonly<Record<string, JsonValue>>)
      : {};
  };
  const [before, after] = [packages(a), packages(b)];
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => !same(before[name], after[name]))
    .map((name) => `${name} ${valueText(before[name])} → ${valueText(after[name])}`);
  return [
    `base ${versionText(a)}, head ${versionText(b)}`,
    ...(changed.length > 0 ? [`libraries: ${changed.join(", ")}`] : []),
  ];
}

function versionText({ report: { environment, startedAt } }: NamedReport): string {
  const commit = String(environment["gitCommit"] ?? "").slice(0, 12);
  const dirty = environment["gitDirty"] === true ? " with changes" : "";
  return `${commit === "" ? `wirebench ${valueText(environment["wirebench"])}` : commit}${dirty} of ${startedAt}`;
}

function same(a: JsonValue, b: JsonValue): boolean {
  return isDeepStrictEqual(a ?? undefined, b ?? undefined);
}

function nearlySame(a: JsonValue, b: JsonValue): boolean {
  if (typeof a !== "number" || typeof b !== "number") return same(a, b);
  return Math.abs(a - b) <= MEMORY_SHARE * Math.max(a, b);
}

/** As a message shows it. */
export function valueText(value: JsonValue): string {
  if (value === undefined || value === null) return "(not set)";
  return typeof value === "string" ? `'${value}'` : JSON.stringify(value);
}
