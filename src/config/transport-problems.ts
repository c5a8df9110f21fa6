import type { ScenarioName } from "../core/cell.ts";
import type { ConfigProblem } from "../core/errors.ts";
import type { TransportName } from "../core/transport.ts";
import type { BenchSettings } from "./bench-schema.ts";

export interface TransportSettings {
  /** What the command line names: it must belong to something. What a file holds may lie idle. */
  readonly line: BenchSettings;
  /** The command line's and the file's together. */
  readonly settings: BenchSettings;
  /** Those of the file's further cells too. */
  readonly transports: readonly TransportName[];
  /** Likewise. */
  readonly scenarios: readonly ScenarioName[];
}

/** Options that belong to none of the transports, or to a server that is somewhere else. */
export function transportProblems(asked: TransportSettings): readonly ConfigProblem[] {
  return [...serverProblems(asked), ...carriedProblems(asked)];
}

function serverProblems({ line, settings }: TransportSettings): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (settings.url === undefined) {
    for (const key of ["shape", "reference"] as const) {
      if (line[key] !== undefined)
        problems.push({ path: `--${key}`, message: "belongs to a server at --url" });
    }
    return problems;
  }
  if (settings.broker !== undefined) {
    problems.push({
      path: "broker",
      message: "belongs to a server that the bench starts; with url name the broker there",
    });
  }
  for (const key of ["device", "instances", "threads"] as const) {
    // The model of --reference runs here, with these threads.
    const isHere = key === "threads" && settings.reference !== undefined;
    if (line[key] !== undefined && !isHere) {
      problems.push({ path: `--${key}`, message: `the server at --url decides on its ${key}` });
    }
  }
  return problems;
}

function carriedProblems({ line, settings, transports, scenarios }: TransportSettings): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (!transports.includes("mqtt")) {
    if (line.qos !== undefined) problems.push({ path: "--qos", message: "belongs to --transport mqtt" });
    if (line.broker !== undefined && settings.url === undefined) {
      problems.push({ path: "--broker", message: "belongs to --transport mqtt" });
    }
  }
  if (transports.some((name) => name !== "local")) return problems;
  // Offline has two requests outstanding for each of them; without vehicles, per-vehicle is wrong for a reason of its own.
  const isMeant =
    scenarios.includes("offline") || (line.connections === "per-vehicle" && settings.vehicles === undefined);
  if (line.connections !== undefined && !isMeant) {
    problems.push({ path: "--connections", message: "belongs to a transport: local has none" });
  }
  if (line.generators !== undefined && line.generators > 1) {
    problems.push({
      path: "--generators",
      message: "local has its server in the generator, and so one: name another --transport",
    });
  }
  return problems;
}
