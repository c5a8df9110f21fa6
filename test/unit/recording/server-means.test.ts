import { expect, test } from "vitest";
import { figuresOf } from "../../../src/recording/figures.ts";
import { mergeParallel } from "../../../src/recording/merge-parallel.ts";
import type { ServerMeans } from "../../../src/recording/run-tally.ts";
import { tallyRun } from "../../../src/recording/tally.ts";
import { waterfallOf } from "../../../src/reporting/waterfall.ts";
import { type MadeRequest, madeRun } from "./made-run.ts";

const FULL = { quick: false };
const requests = (count: number, timing?: "none"): MadeRequest[] =>
  Array.from({ length: count }, (_, index) => ({ intendedMs: index, ...(timing && { timing }) }));
const means = (count: number, sumMs: number): ServerMeans => ({
  requests: count,
  stages: { infer: { count, sumNs: sumMs * 1e6 } },
});
const foreign = (count: number, serverMeans: ServerMeans) =>
  tallyRun(madeRun(requests(count, "none")), { serverMeans });

test("a server's sums become means over all its requests, without percentiles, and claim no network", () => {
  const figures = figuresOf([foreign(400, means(400, 800)), foreign(400, means(100, 700))], FULL);
  expect(figures.stages.infer).toEqual({ meanMs: 3 });
  expect(figures.stages.queue).toBeUndefined();
  expect(figures.clock).toBe("several");
  expect(figures.transportResidualMeanMs).toBeUndefined();
  expect(figures.unaccountedMeanMs).toBeUndefined();
  const step = waterfallOf(figures)?.steps.find(({ name }) => name === "infer");
  expect(step).toMatchObject({ meanMs: 3, tailMeanMs: undefined });
});

test("what a server tells request by request wins over its sums", () => {
  const figures = figuresOf([tallyRun(madeRun(requests(400)), { serverMeans: means(400, 9e6) })], FULL);
  expect(figures.stages.infer?.p50Ms).toBeGreaterThan(0);
  expect(figures.stages.infer?.meanMs).toBeLessThan(20);
});

test("generators of one run saw the same counters", () => {
  const merged = mergeParallel([foreign(10, means(20, 40)), foreign(10, means(20, 40))]);
  expect(merged.serverMeans).toEqual(means(20, 40));
});
