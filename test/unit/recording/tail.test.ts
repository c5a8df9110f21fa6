import { expect, test } from "vitest";
import { summarise } from "../../../src/recording/figures.ts";
import { stageTimes } from "../../../src/recording/stages.ts";
import { mergeTails, tailSums } from "../../../src/recording/tail.ts";
import { type MadeRequest, madeRun, steadyRun } from "./made-run.ts";

/** 500 requests; six of them have an answer that came late, of which the stages know nothing in one case. */
const REQUESTS: readonly MadeRequest[] = steadyRun(500).map((request, index) =>
  index % 100 === 99 ? { ...request, serviceMs: 50 + index / 100 } : request,
);

test("the tail's stages and unaccounted add up to its service time exactly", () => {
  const { stages, ...figures } = summarise([madeRun(REQUESTS)], { quick: false, retrieveNs: [5e6] });
  // The p99 of 500 is the 495th, which is one of the fast ones: all that are as fast belong to the tail.
  expect(figures.tailRequests).toBe(500);
  const slow = summarise([madeRun([...REQUESTS, ...steadyRun(5, 70)])], { quick: false, retrieveNs: [5e6] });
  expect(slow.tailRequests).toBe(6);
  expect(slow.stageServiceTailMeanMs).toBeCloseTo((5 * 70 + 54.99) / 6, 9);
  let sum = slow.unaccountedTailMeanMs!;
  for (const [stage, { tailMeanMs }] of Object.entries(slow.stages))
    if (stage !== "retrieve") sum += tailMeanMs!;
  expect(sum).toBeCloseTo(slow.stageServiceTailMeanMs!, 9);
  expect(slow.stages.retrieve?.tailMeanMs).toBe(5);
  expect(slow.stages.infer?.tailMeanMs).toBeCloseTo(slow.stageServiceTailMeanMs! - 7, 9);
  expect(stages.infer?.tailMeanMs).toBeCloseTo(stages.infer!.meanMs, 9);
});

test("too few requests have no tail, and neither has a quick run", () => {
  const few = summarise([madeRun(steadyRun(367))], { quick: false });
  expect([few.tailRequests, few.stages.infer?.tailMeanMs]).toEqual([undefined, undefined]);
  const quick = summarise([madeRun(steadyRun(1000))], { quick: true });
  expect(quick.stageServiceTailMeanMs).toBeUndefined();
});

test("tails of several runs add up, of unanswered ones there is none", () => {
  const tail = tailSums(stageTimes(madeRun(REQUESTS)))!;
  const both = mergeTails([tail, tail])!;
  expect(both.requests).toBe(2 * tail.requests);
  expect(both.serviceNs).toBe(2 * tail.serviceNs);
  expect(both.stagesNs.infer).toBe(2 * tail.stagesNs.infer!);
  expect(tailSums(stageTimes(madeRun([{ intendedMs: 0, status: "INTERNAL" }])))).toBeUndefined();
  expect(mergeTails([])).toBeUndefined();
});
