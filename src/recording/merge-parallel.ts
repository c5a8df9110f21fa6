import { STAGES, type Stage } from "../core/stage.ts";
import type { Blocks } from "./blocks.ts";
import { type Distribution, mergeDistributions } from "./distribution.ts";
import { mergeShares } from "./generator-share.ts";
import type { Jitter } from "./jitter.ts";
import { joinCosts } from "./join-costs.ts";
import { joinFailures } from "./join-failures.ts";
import type { InFlightTally } from "./little.ts";
import { PROCESS_ROLES, type ProcessCosts } from "./process-costs.ts";
import type { RunTally } from "./run-tally.ts";
import type { Stalls } from "./stalls.ts";
import { mergeTails } from "./tail.ts";
import type { LinkBytes, WireBytes } from "./wire-bytes.ts";

/**
 * The tallies of runs that loaded one server at the same time, as one run: distributions are merged exactly, counts and
 * throughputs added (the windows lie beside each other, not one after the other).
 *
 * @param parts - of one repetition, one a generator; at least one.
 */
export function mergeParallel(parts: readonly RunTally[]): RunTally {
  const [first] = parts;
  if (first === undefined) throw new RangeError("expected at least one tally");
  if (parts.length === 1) return first;
  const total = (pick: (part: RunTally) => number | undefined): number =>
    parts.reduce((sum, part) => sum + (pick(part) ?? 0), 0);
  const merged = (pick: (part: RunTally) => Distribution): Distribution =>
    mergeDistributions(parts.map(pick));
  const all = <T>(pick: (part: RunTally) => T | undefined): readonly T[] | undefined => {
    const found = parts.flatMap((part) => pick(part) ?? []);
    return found.length === parts.length ? found : undefined;
  };
  const requests = total((part) => part.requests);
  const windowNs = parallelWindow(parts);
  const ages = all((part) => part.age);
  const unaccounted = all((part) => part.unaccounted);
  const residual = all((part) => part.residual);
  const queries = all((part) => part.query);
  const fleets = parts.flatMap(({ vehicles }) => (vehicles === undefined ? [] : [vehicles]));
  return {
    requests,
    ok: total((part) => part.ok),
    failed: total((part) => part.failed),
    timedOut: total((part) => part.timedOut),
    dropped: total((part) => part.dropped),
    lateAnswers: total((part) => part.lateAnswers),
    lateStarts: total((part) => part.lateStarts),
    failures: joinFailures(parts.flatMap(({ failures }) => failures)),
    windowNs,
    completed: total((part) => part.completed),
    completedInTime: all((part) => part.completedInTime)?.reduce((sum, count) => sum + count, 0),
    earlyResponseNs:
      requests > 0 ? total((part) => part.requests * (part.earlyResponseNs ?? 0)) / requests : undefined,
    unansweredAtEnd: Math.max(...parts.map(({ unansweredAtEnd }) => unansweredAtEnd)),
    timeoutMs: Math.max(...parts.map(({ timeoutMs }) => timeoutMs)),
    concurrency: all((part) => part.concurrency)?.reduce((sum, count) => sum + count, 0),
    aborted: parts.some(({ aborted }) => aborted),
    response: merged((part) => part.response),
    okResponse: merged((part) => part.okResponse),
    service: merged((part) => part.service),
    sendLateness: merged((part) => part.sendLateness),
    onTime: parts.some(({ onTime }) => onTime !== undefined)
      ? merged((part) => part.onTime ?? part.service)
      : undefined,
    query: queries && mergeDistributions(queries),
    // Each generator has vehicles of its own: they follow those of the generators before it.
    vehicles: fleets.length === parts.length ? fleets.flat() : undefined,
    // Of each generator's own requests in their order; a closed loop has more than one outstanding now.
    jitter: first.concurrency === undefined ? joinJitter(all((part) => part.jitter)) : undefined,
    blocks: joinBlocks(all((part) => part.blocks)),
    age: ages && mergeDistributions(ages),
    inFlight: joinInFlight(
      all((part) => part.inFlight),
      windowNs,
    ),
    stalls: joinStalls(parts.flatMap(({ stalls }) => stalls ?? [])),
    clock: parts.every(({ clock }) => clock === "one") ? "one" : "several",
    stageRequests: total((part) => part.stageRequests),
    stages: joinStages(parts),
    // Each saw the same server's counters.
    serverMeans: parts.find(({ serverMeans }) => serverMeans !== undefined)?.serverMeans,
    stageService: merged((part) => part.stageService),
    tail: mergeTails(parts.flatMap(({ tail }) => tail ?? [])),
    generatorShare: mergeShares(parts.flatMap(({ generatorShare }) => generatorShare ?? [])),
    unaccounted: unaccounted && mergeDistributions(unaccounted),
    residual: residual && mergeDistributions(residual),
    requestPayloadBytes: total((part) => part.requestPayloadBytes),
    responsePayloadBytes: total((part) => part.responsePayloadBytes),
    costs: joinProcessCosts(parts.map(({ costs }) => costs)),
    wire: joinWire(all((part) => part.wire)),
  };
}

/** The window in which all that was completed makes the sum of the throughputs; of equal windows that window. */
function parallelWindow(parts: readonly RunTally[]): number {
  const rate = parts.reduce(
    (sum, { completed, windowNs }) => sum + (windowNs > 0 ? completed / windowNs : 0),
    0,
  );
  const completed = parts.reduce((sum, part) => sum + part.completed, 0);
  return rate > 0 ? completed / rate : Math.max(...parts.map(({ windowNs }) => windowNs));
}

function joinStages(parts: readonly RunTally[]): Partial<Record<Stage, Distribution>> {
  return Object.fromEntries(
    STAGES.flatMap((stage) => {
      const found = parts.flatMap(({ stages }) => stages[stage] ?? []);
      return found.length > 0 ? [[stage, mergeDistributions(found)]] : [];
    }),
  );
}

function joinJitter(jitters: readonly Jitter[] | undefined): Jitter | undefined {
  return jitters?.reduce((sum, jitter) => ({
    pairs: sum.pairs + jitter.pairs,
    absoluteNs: sum.absoluteNs + jitter.absoluteNs,
    smoothedNs: sum.smoothedNs + jitter.smoothedNs,
  }));
}

/**
 * Block by block, where all have as many: they cover the same part of the window. A block's median is between theirs, weighted;
 * only the trend test uses it.
 */
function joinBlocks(all: readonly Blocks[] | undefined): Blocks | undefined {
  const length = all?.[0]?.counts.length;
  if (all === undefined || all.some(({ counts }) => counts.length !== length)) return undefined;
  const sums = (pick: (blocks: Blocks) => readonly number[]): number[] =>
    Array.from({ length: length ?? 0 }, (_, block) =>
      all.reduce((sum, blocks) => sum + (pick(blocks)[block] ?? 0), 0),
    );
  const weighted = (pick: (blocks: Blocks) => readonly number[]): number[] =>
    Array.from({ length: length ?? 0 }, (_, block) => {
      const count = all.reduce((sum, { counts }) => sum + (counts[block] ?? 0), 0);
      const sum = all.reduce(
        (total, part) => total + (pick(part)[block] ?? 0) * (part.counts[block] ?? 0),
        0,
      );
      return Math.round(sum / count);
    });
  const add = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  const totals = all.map(({ counts, sumsNs }) => ({ count: add(counts), sumNs: add(sumsNs) }));
  const mean = add(totals.map(({ sumNs }) => sumNs)) / add(totals.map(({ count }) => count));
  const between = add(totals.map(({ count, sumNs }) => count * (sumNs / count - mean) ** 2));
  return {
    counts: sums(({ counts }) => counts),
    sumsNs: sums(({ sumsNs }) => sumsNs),
    mediansNs: weighted(({ mediansNs }) => mediansNs),
    timesNs: weighted(({ timesNs }) => timesNs),
    squaresNs2: add(all.map(({ squaresNs2 }) => squaresNs2)) + between,
  };
}

/**
 * In flight in all is the sum of what is in flight in each. The sums are made so that mean and variance of the mean are those of
 * the sum.
 */
function joinInFlight(
  parts: readonly InFlightTally[] | undefined,
  windowNs: number,
): InFlightTally | undefined {
  if (parts === undefined) return undefined;
  const samples = parts.reduce((sum, part) => sum + part.samples, 0);
  const mean = parts.reduce((sum, part) => sum + part.sum / part.samples, 0);
  const variance = parts.reduce((sum, part) => {
    const spread = Math.max(0, part.squares / part.samples - (part.sum / part.samples) ** 2);
    return sum + spread / Math.max(1, part.samples - 1);
  }, 0);
  return {
    samples,
    sum: mean * samples,
    squares: samples * (variance * Math.max(1, samples - 1) + mean ** 2),
    // Each over its own window: what is in flight on average adds up.
    residenceNs: parts.reduce((sum, part) => sum + (part.residenceNs / part.windowNs) * windowNs, 0),
    windowNs,
  };
}

/** A stall of the server is seen by all: it counts once. */
function joinStalls(stalls: readonly Stalls[]): Stalls | undefined {
  const [longest] = stalls.toSorted((a, b) => b.longestNs - a.longestNs);
  return longest && { ...longest, count: Math.max(...stalls.map(({ count }) => count)) };
}

function joinProcessCosts(costs: readonly ProcessCosts[]): ProcessCosts {
  return Object.fromEntries(
    PROCESS_ROLES.flatMap((role) => {
      const known = costs.flatMap((cost) => cost[role] ?? []);
      // A server is not the generators': whoever could look into it says what it used.
      const [first] = known;
      if (first === undefined) return [];
      return [[role, role === "client" ? joinCosts(known) : first]];
    }),
  );
}

function joinWire(wires: readonly WireBytes[] | undefined): WireBytes | undefined {
  const [first] = wires ?? [];
  if (wires === undefined || first === undefined) return undefined;
  if (wires.some(({ counted }) => counted !== first.counted)) return undefined;
  const added = (links: readonly LinkBytes[]): LinkBytes => ({
    requestBytes: links.reduce((sum, link) => sum + link.requestBytes, 0),
    responseBytes: links.reduce((sum, link) => sum + link.responseBytes, 0),
  });
  const setUps = wires.flatMap(({ setUp }) => setUp ?? []);
  const behind = wires.flatMap(({ behindBroker }) => behindBroker ?? []);
  return {
    counted: first.counted,
    requests: wires.reduce((sum, { requests }) => sum + requests, 0),
    ...added(wires),
    ...(behind.length === wires.length ? { behindBroker: added(behind) } : {}),
    ...(setUps.length === wires.length ? { setUp: added(setUps) } : {}),
  };
}
