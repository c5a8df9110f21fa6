import { expect, test } from "vitest";
import type { CellFigures } from "../../../src/recording/figures.ts";
import { type ScenarioContext, scenarioNotes } from "../../../src/recording/scenario-notes.ts";

const notes = (figures: object, context: ScenarioContext): string =>
  scenarioNotes(figures as unknown as CellFigures, context).join(" ");
const times = (more: object) => ({ count: 1000, unanswered: 0, censored: [], ...more });

test("server says whether the bound is held, and how sure that is", () => {
  const server = { scenario: "server", latencyBoundMs: 50 } as const;
  const say = (more: object) => notes({ response: times(more) }, server);
  expect(say({ p99Ms: 40, p99Ub99Ms: 44 })).toMatch(/50 ms is held: p99 is 40.000 ms .*at most 44.000 ms/);
  expect(say({ p99Ms: 40, p99Ub99Ms: 60 })).toMatch(/is held.*but with confidence 0.99 only below 60/);
  expect(say({ p99Ms: 40 })).toMatch(/is held.*too few/);
  expect(say({ p99Ms: 50.1 })).toMatch(/is not held: p99 is 50.100 ms/);
  expect(say({ censored: ["p99"] })).toMatch(/is not held: p99 is of requests without an answer/);
  expect(say({ count: 99 })).toMatch(/takes 368 requests, here are 99/);
});

test("the others name their figure", () => {
  expect(notes({ service: times({ p90Ms: 1.5, p90Ub99Ms: 1.6 }) }, { scenario: "single-stream" })).toMatch(
    /p90.*1.500 ms, at most 1.600 ms with confidence 0.99/,
  );
  expect(notes({ query: times({ p99Ms: 9 }) }, { scenario: "multi-stream" })).toMatch(
    /p99.*9.000 ms \(1000 q/,
  );
  expect(notes({ query: times({}) }, { scenario: "multi-stream" })).toMatch(/368 are needed/);
  expect(notes({ throughputPerSec: 12.34 }, { scenario: "offline" })).toMatch(/12.3 samples per second/);
  expect(notes({}, { scenario: "open-loop" })).toBe("");
  expect(notes({}, {})).toBe("");
});
