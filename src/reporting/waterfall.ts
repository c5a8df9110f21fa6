import type { Stage } from "../core/stage.ts";
import type { CellFigures } from "../recording/figures.ts";

/** Where a part of a request's time was spent. */
export type Leg = "client" | "network" | "broker" | "server" | "rest";

/** One step of the way of a request. Milliseconds. */
export interface WaterfallStep {
  /** `rest`: what the stages leave; with clocks that do not compare, the network is in it. */
  readonly name: Stage | "rest";
  readonly leg: Leg;
  readonly meanMs: number;
  readonly tailMeanMs?: number | undefined;
}

/** The mean request, and the mean of the requests at or above p99: steps in the order of time, which add up exactly. */
export interface Waterfall {
  readonly steps: readonly WaterfallStep[];
  readonly serviceMeanMs: number;
  readonly serviceTailMeanMs?: number | undefined;
  /** Whether the network's steps were measured: client and server share a clock. */
  readonly oneClock: boolean;
}

const WAY: readonly (readonly [stage: Stage, leg: Leg])[] = [
  ["client_preprocess", "client"],
  ["encode", "client"],
  ["uplink", "network"],
  // Both ways through it: a waterfall has it once.
  ["broker", "broker"],
  ["server_decode", "server"],
  ["queue", "server"],
  ["server_preprocess", "server"],
  ["infer", "server"],
  ["server_postprocess", "server"],
  ["server_encode", "server"],
  ["downlink", "network"],
  ["client_decode", "client"],
  ["client_postprocess", "client"],
];

/** Absent where no request was answered. */
export function waterfallOf(figures: CellFigures): Waterfall | undefined {
  const { stages, stageServiceMeanMs, stageServiceTailMeanMs } = figures;
  if (stageServiceMeanMs === undefined) return undefined;
  const steps = WAY.flatMap(([name, leg]): readonly WaterfallStep[] => {
    const times = stages[name];
    if (times === undefined) return [];
    // Of a foreign server's sums there are neither percentiles nor a tail.
    const isMeanOnly = times.p50Ms === undefined && times.tailMeanMs === undefined;
    const tailMeanMs =
      stageServiceTailMeanMs === undefined || isMeanOnly ? undefined : (times.tailMeanMs ?? 0);
    return [{ name, leg, meanMs: times.meanMs, tailMeanMs }];
  });
  // The difference is the unaccounted, but for its last bits: so the steps add up to the service time exactly.
  const rest = (total: number, pick: (step: WaterfallStep) => number | undefined): number =>
    steps.reduce((left, step) => left - (pick(step) ?? 0), total);
  return {
    steps: [
      ...steps,
      {
        name: "rest",
        leg: "rest",
        meanMs: rest(stageServiceMeanMs, ({ meanMs }) => meanMs),
        tailMeanMs:
          stageServiceTailMeanMs === undefined
            ? undefined
            : rest(stageServiceTailMeanMs, ({ tailMeanMs }) => tailMeanMs),
      },
    ],
    serviceMeanMs: stageServiceMeanMs,
    serviceTailMeanMs: stageServiceTailMeanMs,
    oneClock: figures.clock === "one",
  };
}
