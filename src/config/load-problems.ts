import { type Arrivals, followsSchedule, type ScenarioName } from "../core/cell.ts";
import type { ConfigProblem } from "../core/errors.ts";
import type { BenchSettings } from "./bench-schema.ts";

/** Further cells of the file: what they name replaces the lists. */
export interface AlsoCells {
  /** Their place in the file, `also[2]`. */
  readonly path: string;
  readonly cells: NonNullable<BenchSettings["also"]>[number];
}

export interface LoadSettings {
  /** What the command line names: it must belong to something. What a file holds may lie idle. */
  readonly line: BenchSettings;
  /** The command line's and the file's together. */
  readonly settings: BenchSettings;
  readonly scenarios: readonly ScenarioName[];
  readonly arrivals: Arrivals;
  /** @default none */
  readonly also?: readonly AlsoCells[];
}

/** What of the load cannot be meant: options that belong to nothing, scenarios that lack something. */
export function loadProblems(load: LoadSettings): readonly ConfigProblem[] {
  const { also = [] } = load;
  const everywhere = [...load.scenarios, ...also.flatMap(({ cells }) => cells.scenario ?? [])];
  return [
    ...strayOptions({ ...load, scenarios: everywhere }),
    ...lackingOptions(load),
    // Cells without a load of their own have that of the lists, and its problems.
    ...also
      .filter(({ cells: { scenario, rate, vehicles } }) => (scenario ?? rate ?? vehicles) !== undefined)
      .flatMap(({ path, cells }) => {
        const settings = { ...load.settings, ...cells };
        const scenarios = cells.scenario ?? load.scenarios;
        return lackingOptions({ ...load, settings, scenarios }).map(({ message }) => ({ path, message }));
      }),
  ];
}

interface Belonging {
  readonly key: keyof BenchSettings;
  readonly flag: string;
  readonly scenarios: readonly ScenarioName[];
  /** What to do instead. */
  readonly else?: string;
}

const SCHEDULED: readonly ScenarioName[] = ["open-loop", "server"];

const SCENARIO_OPTIONS: readonly Belonging[] = [
  { key: "rate", flag: "--rate", scenarios: SCHEDULED, else: "the closed loop has --concurrency" },
  {
    key: "concurrency",
    flag: "--concurrency",
    scenarios: ["closed-loop"],
    else: "the open loop has --rate, multi-stream --samples-per-query, offline --connections",
  },
  { key: "arrivals", flag: "--arrivals", scenarios: ["open-loop"], else: "server is always poisson" },
  { key: "schedule", flag: "--schedule", scenarios: ["open-loop"] },
  { key: "whenBusy", flag: "--when-busy", scenarios: SCHEDULED },
  { key: "maxInFlight", flag: "--max-in-flight", scenarios: SCHEDULED },
  { key: "vehicles", flag: "--vehicles", scenarios: SCHEDULED },
  { key: "samplesPerQuery", flag: "--samples-per-query", scenarios: ["multi-stream"] },
  { key: "latencyBound", flag: "--latency-bound", scenarios: ["server"] },
];

const ARRIVALS_OPTIONS: readonly {
  readonly key: keyof BenchSettings;
  readonly flag: string;
  readonly arrivals: readonly Arrivals[];
}[] = [
  { key: "burst", flag: "--burst", arrivals: ["burst"] },
  { key: "steps", flag: "--steps", arrivals: ["steps"] },
  { key: "schedule", flag: "--schedule", arrivals: ["file"] },
  { key: "speed", flag: "--speed", arrivals: ["recording", "file"] },
];

function strayOptions({ line, settings, scenarios, arrivals }: LoadSettings): ConfigProblem[] {
  const problems = SCENARIO_OPTIONS.filter(
    ({ key, scenarios: owners }) =>
      line[key] !== undefined && !owners.some((name) => scenarios.includes(name)),
  ).map(({ flag, scenarios: owners, else: instead }): ConfigProblem => {
    const message = `belongs to --scenario ${owners.join(" or ")}`;
    return { path: flag, message: instead === undefined ? message : `${message}; ${instead}` };
  });
  const named = new Set(problems.map(({ path }) => path));
  for (const { key, flag, arrivals: owners } of ARRIVALS_OPTIONS) {
    if (line[key] === undefined || owners.includes(arrivals) || named.has(flag)) continue;
    problems.push({
      path: flag,
      message: `belongs to --arrivals ${owners.join(" or ")}, not to ${arrivals}`,
    });
  }
  const onlyRecorded = scenarios.includes("open-loop") && !scenarios.includes("server");
  if (onlyRecorded && isRecorded(arrivals) && line.rate !== undefined) {
    problems.push({
      path: "--rate",
      message: `the times of --arrivals ${arrivals} are fixed; play them faster with --speed`,
    });
  }
  if (settings.connections === "per-vehicle" && !scenarios.some(followsSchedule)) {
    problems.push(NEEDS_VEHICLES);
  }
  return problems;
}

const NEEDS_VEHICLES: ConfigProblem = {
  path: "connections",
  message: "per-vehicle needs --vehicles with --scenario open-loop or server",
};

function isRecorded(arrivals: Arrivals): boolean {
  return arrivals === "recording" || arrivals === "file";
}

function lackingOptions({ settings, scenarios, arrivals }: LoadSettings): ConfigProblem[] {
  const { rate = [] } = settings;
  const problems: ConfigProblem[] = [];
  const open = scenarios.includes("open-loop");
  const scheduled = scenarios.filter(followsSchedule);
  const recorded = isRecorded(arrivals);
  const ranged = arrivals === "ramp" || arrivals === "steps";
  const needRate = scheduled.filter((scenario) => scenario === "server" || !recorded);
  const [needy] = needRate;
  if (needy !== undefined && rate.length === 0) {
    const example = ranged && needy === "open-loop" ? "5..50" : "20";
    problems.push({
      path: "rate",
      message: `${needy} needs a rate, e.g. --rate ${example} (arrivals per second)`,
    });
  }
  if (open && arrivals === "file" && settings.schedule === undefined) {
    problems.push({ path: "arrivals", message: "file needs the times, e.g. --schedule times.txt" });
  }
  problems.push(
    ...rateProblems(rate, { open: open && !recorded, ranged, server: scenarios.includes("server") }),
  );
  if (scenarios.includes("server") && settings.latencyBound === undefined) {
    problems.push({
      path: "latencyBound",
      message: "server needs a bound for p99, e.g. --latency-bound 50ms",
    });
  }
  if (settings.connections === "per-vehicle" && scheduled.length > 0 && settings.vehicles === undefined) {
    problems.push(NEEDS_VEHICLES);
  }
  return problems;
}

/** Ramps and steps go from one rate to another, everything else has one. */
function rateProblems(
  rates: NonNullable<BenchSettings["rate"]>,
  { open, ranged, server }: { readonly open: boolean; readonly ranged: boolean; readonly server: boolean },
): ConfigProblem[] {
  const plain = rates.find((rate) => typeof rate === "number");
  const range = rates.find((rate) => typeof rate === "string");
  if (open && ranged && plain !== undefined) {
    return [
      {
        path: "rate",
        message: `ramp and steps go from one rate to another, e.g. --rate 5..50, got ${plain}`,
      },
    ];
  }
  if (range !== undefined && ((open && !ranged) || server)) {
    return [
      {
        path: "rate",
        message: `'${range}' is for --arrivals ramp or steps; a sweep needs a step, e.g. ${range}:5`,
      },
    ];
  }
  return [];
}
