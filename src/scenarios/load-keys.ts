import { type CellKey, type Connections, followsSchedule, type ScenarioName } from "../core/cell.ts";
import { arrivalsLabel, isRecorded } from "./arrivals-label.ts";
import { type BenchSpec, type DimensionName, type Dimensions, rangeOf } from "./bench-spec.ts";

/** One value of each dimension; absent where the dimension does not exist. */
export type Combination = { readonly [D in DimensionName]: Dimensions[D][number] | undefined };
type Load = Pick<Combination, "concurrency" | "rate" | "whenBusy" | "vehicles">;

/** Times that were recorded somewhere. */
export interface RecordedTimes {
  readonly name: string;
  /** Their mean; 0 for times that are all one. */
  readonly ratePerSec: number;
}

/** What a scenario's own dimensions are made of: the loads that its cells differ in. */
export function* loads(scenario: ScenarioName, lists: Dimensions, spec: BenchSpec): Generator<Load> {
  const none = { concurrency: undefined, rate: undefined, whenBusy: undefined, vehicles: undefined };
  if (!followsSchedule(scenario)) {
    for (const concurrency of outstanding(scenario, lists, spec)) yield { ...none, concurrency };
    return;
  }
  for (const rate of scenario === "open-loop" && isRecorded(spec.arrivals) ? [undefined] : lists.rate)
    for (const vehicles of lists.vehicles.length === 0 ? [undefined] : lists.vehicles)
      for (const whenBusy of lists.whenBusy) yield { ...none, rate, vehicles, whenBusy };
}

/** Connections where a schedule or nothing else says how many. */
const CONNECTIONS = 16;

function outstanding(scenario: ScenarioName, lists: Dimensions, spec: BenchSpec): readonly number[] {
  switch (scenario) {
    case "closed-loop":
      return lists.concurrency;
    case "multi-stream":
      return [spec.samplesPerQuery];
    case "offline": {
      // While the one answer of a connection is read, the next request is with its library already.
      const { connections = CONNECTIONS } = spec;
      return [2 * (typeof connections === "number" ? connections : 1)];
    }
    case "single-stream":
      return [1];
    case "open-loop":
    case "server":
      return [];
  }
}

/** The `connections` of a cell's key: what was asked for, or the default of its scenario. */
export function connectionsKey(
  c: Pick<Combination, "scenario" | "concurrency" | "vehicles">,
  { connections }: Pick<BenchSpec, "connections">,
): Connections | undefined {
  const isScheduled = c.scenario === "open-loop" || c.scenario === "server";
  // A list of scenarios may hold some without vehicles.
  if (connections !== undefined && (connections !== "per-vehicle" || isScheduled)) return connections;
  if (isScheduled) return c.vehicles === undefined ? CONNECTIONS : "per-vehicle";
  return c.scenario === "offline" ? CONNECTIONS : c.concurrency;
}

/** The part of a cell's key that says when requests start. */
export function scheduleKey(
  { scenario, rate, whenBusy, vehicles }: Pick<Combination, "scenario" | keyof Load>,
  spec: BenchSpec,
  times: { readonly file?: RecordedTimes | undefined; readonly recording?: RecordedTimes | undefined },
): Pick<CellKey, "arrivals" | "ratePerSec" | "whenBusy" | "vehicles"> {
  if (scenario !== "open-loop" && scenario !== "server") return {};
  const kind = scenario === "server" ? "poisson" : spec.arrivals;
  const recorded = kind === "file" || kind === "recording" ? times[kind] : undefined;
  const range = rate === undefined ? undefined : rangeOf(rate);
  const recordedPerSec = Number(((recorded?.ratePerSec ?? 0) * spec.speed).toPrecision(6));
  return {
    arrivals: arrivalsLabel(kind, { ...spec, rate, fileName: recorded?.name }),
    ratePerSec:
      range !== undefined
        ? (range.fromPerSec + range.toPerSec) / 2
        : typeof rate === "number"
          ? rate
          : recordedPerSec || undefined,
    whenBusy,
    vehicles,
  };
}
