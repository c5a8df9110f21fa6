import type { Arrivals, ArrivalsLabel, CellKey } from "../core/cell.ts";
import { type BenchSpec, type Rate, type RateRange, rangeOf } from "./bench-spec.ts";
import type { OpenLoopSpec } from "./load-spec.ts";

/** Arrivals whose times somebody else has chosen. */
export function isRecorded(arrivals: Arrivals): arrivals is "recording" | "file" {
  return arrivals === "recording" || arrivals === "file";
}

/** The `arrivals` of a cell's key: with all that shapes them beside the mean rate. */
export function arrivalsLabel(
  kind: Arrivals,
  shape: {
    readonly rate: Rate | undefined;
    readonly burst: number;
    readonly steps: number;
    readonly fileName?: string | undefined;
  },
): ArrivalsLabel {
  switch (kind) {
    case "burst":
      return `burst:${shape.burst}`;
    case "ramp":
      return `ramp:${shape.rate}`;
    case "steps":
      return `steps:${shape.rate}x${shape.steps}`;
    case "file":
      return `file:${shape.fileName ?? ""}`;
    case "constant":
    case "poisson":
    case "uniform":
    case "recording":
      return kind;
  }
}

/** The range of a ramp's or of steps' label; `undefined` for others. */
export function rangeOfLabel(label: ArrivalsLabel | undefined): RateRange | undefined {
  return /^(?:ramp|steps):([\d.]+\.\.[\d.]+?)(?:x\d+)?$/.exec(label ?? "")?.[1] as RateRange | undefined;
}

/** What a cell's generator is told about its arrivals. */
export function arrivalsOf(
  { schedule, speed, burst, steps }: Pick<BenchSpec, "schedule" | "speed" | "burst" | "steps">,
  { arrivals = "constant", ratePerSec = 1 }: Pick<CellKey, "arrivals" | "ratePerSec">,
): OpenLoopSpec["arrivals"] {
  const kind = arrivals.split(":", 1)[0] as Arrivals;
  const range = rangeOf(rangeOfLabel(arrivals) ?? ratePerSec) ?? {
    fromPerSec: ratePerSec,
    toPerSec: ratePerSec,
  };
  switch (kind) {
    case "constant":
    case "poisson":
    case "uniform":
      return { kind, ratePerSec };
    case "burst":
      return { kind, ratePerSec, burst };
    case "ramp":
      return { kind, ...range };
    case "steps":
      return { kind, ...range, steps };
    case "file":
      return { kind, path: schedule ?? "", speed };
    case "recording":
      return { kind, speed };
  }
}
