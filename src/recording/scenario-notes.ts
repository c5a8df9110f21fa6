import type { ScenarioName } from "../core/cell.ts";
import { type DurationFigures, FEWEST_REQUESTS } from "./duration-figures.ts";
import type { CellFigures } from "./figures.ts";

export interface ScenarioContext {
  /** Absent: nothing is said. */
  readonly scenario?: ScenarioName | undefined;
  /** `server`: what p99 of the response time is to stay below, milliseconds. */
  readonly latencyBoundMs?: number | undefined;
}

/** The figure that MLPerf's scenario of a cell is about, in a sentence. */
export function scenarioNotes(figures: CellFigures, context: ScenarioContext): readonly string[] {
  switch (context.scenario) {
    case "single-stream":
      return [`The figure of single-stream, p90 of one at a time, is ${tail(figures.service, "p90")}.`];
    case "multi-stream":
      return [
        `The figure of multi-stream, p99 of a query's slowest sample, is ${tail(figures.query, "p99")} (${figures.query?.count ?? 0} queries).`,
      ];
    case "server":
      return context.latencyBoundMs === undefined
        ? []
        : [serverNote(figures.response, context.latencyBoundMs)];
    case "offline":
      return figures.throughputPerSec === undefined
        ? []
        : [`The figure of offline is ${figures.throughputPerSec.toFixed(1)} samples per second.`];
    case "closed-loop":
    case "open-loop":
    case undefined:
      return [];
  }
}

function serverNote(response: DurationFigures, boundMs: number): string {
  const { p99Ms, p99Ub99Ms, censored, count, unanswered } = response;
  if (censored.includes("p99"))
    return `The bound of ${boundMs} ms is not held: p99 is of requests without an answer.`;
  if (p99Ms === undefined) {
    return `Whether p99 holds the bound of ${boundMs} ms takes ${FEWEST_REQUESTS.p99} requests, here are ${count + unanswered}: lengthen --duration.`;
  }
  const found = `p99 is ${p99Ms.toFixed(3)} ms`;
  if (p99Ms > boundMs) return `The bound of ${boundMs} ms is not held: ${found}.`;
  const sure =
    p99Ub99Ms === undefined
      ? "too few requests for MLPerf's early stopping"
      : p99Ub99Ms <= boundMs
        ? `with confidence 0.99 at most ${p99Ub99Ms.toFixed(3)} ms`
        : `but with confidence 0.99 only below ${p99Ub99Ms.toFixed(3)} ms`;
  return `The bound of ${boundMs} ms is held: ${found} (${sure}).`;
}

function tail(figures: DurationFigures | undefined, name: "p90" | "p99"): string {
  const value = name === "p90" ? figures?.p90Ms : figures?.p99Ms;
  const bound = name === "p90" ? figures?.p90Ub99Ms : figures?.p99Ub99Ms;
  if (figures?.censored.includes(name) === true) return "of requests without an answer";
  if (value === undefined) return `not known from so few requests (${FEWEST_REQUESTS[name]} are needed)`;
  const sure = bound === undefined ? "" : `, at most ${bound.toFixed(3)} ms with confidence 0.99`;
  return `${value.toFixed(3)} ms${sure}`;
}
