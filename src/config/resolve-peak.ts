import type { Arrivals } from "../core/cell.ts";
import { ConfigError, type ConfigProblem } from "../core/errors.ts";
import type { PeakSpec } from "../scenarios/peak/peak-spec.ts";
import type { BenchSettings } from "./bench-schema.ts";
import { parseObjective } from "./parse-objective.ts";
import type { PeakSettings } from "./peak-schema.ts";
import { resolveBench } from "./resolve-bench.ts";

/** Options of `bench` that mean nothing to a search, each with the reason. */
export const NOT_FOR_PEAK = {
  rate: "is what is searched; --start-rate says where to begin",
  concurrency: "belongs to the closed loop; the search sends by schedule",
  schedule: "has a rate of its own",
  speed: "has a rate of its own",
  steps: "goes over several rates",
  samplesPerQuery: "belongs to multi-stream; the search sends by schedule",
  latencyBound: "belongs to the scenario server; the objective is --slo",
  wireBytes: "belongs to bench: a search counts no frames",
  quick: "measures nothing; for a short search use --probe-duration 500ms --duration 1s --repetitions 1",
} as const satisfies Partial<Record<keyof BenchSettings, string>>;

const ARRIVALS_WITH_A_RATE: readonly Arrivals[] = ["constant", "poisson", "uniform", "burst"];

/** Length of a full run unless the command line says otherwise. */
const LEAST_CONFIRMATION_MS = 10_000;

interface PeakSources {
  readonly file: BenchSettings;
  /** Relative paths of the file start here. */
  readonly fileFolder: string;
  readonly line: BenchSettings;
  readonly peak: PeakSettings;
  /** `--slo`; absent: it was not given. */
  readonly slo: string | undefined;
}

/**
 * Puts a search together: the cells and the load are those of `bench`, always as an open loop, Poisson unless asked otherwise.
 * @throws {ConfigError} for what cannot be meant, all at once.
 */
export function resolvePeak({ file, fileFolder, line, peak, slo }: PeakSources): PeakSpec {
  const problems: ConfigProblem[] = [];
  for (const [key, why] of Object.entries(NOT_FOR_PEAK)) {
    if (line[key as keyof typeof NOT_FOR_PEAK] === undefined) continue;
    problems.push({ path: flagOf(key), message: why });
  }
  if (line.scenario?.some((name) => name !== "open-loop") === true) {
    problems.push({ path: "--scenario", message: "the search sends by schedule: open-loop only" });
  }
  const arrivals = line.arrivals ?? "poisson";
  if (!ARRIVALS_WITH_A_RATE.includes(arrivals)) {
    const message = `${arrivals} has no one rate: expected one of ${ARRIVALS_WITH_A_RATE.join(", ")}`;
    problems.push({ path: "--arrivals", message });
  }
  const deadlineMs = line.deadline ?? file.deadline;
  const objective = collect(problems, () => {
    if (slo !== undefined) return parseObjective(slo, deadlineMs);
    throw new ConfigError([{ path: "--slo", message: "expected an objective, such as --slo p99=50ms" }]);
  });
  if (problems.length > 0 || objective === undefined) throw new ConfigError(problems);
  const bench = resolveBench({
    file,
    fileFolder,
    line: {
      ...line,
      ...confirmationLength(line, file),
      name: line.name ?? "peak",
      scenario: ["open-loop"],
      arrivals,
      rate: [1],
      quick: false,
    },
  });
  return {
    bench,
    objective,
    startRatePerSec: peak.startRate,
    resolution: peak.resolution ?? 0.05,
    maxProbes: peak.maxProbes ?? 12,
    probeDurationMs: peak.probeDuration ?? 3_000,
    curve: true,
  };
}

/** A file's length is that of its own matrix: a shorter one than this would confirm nothing. */
function confirmationLength(line: BenchSettings, file: BenchSettings): Pick<BenchSettings, "duration"> {
  const isGiven = line.duration !== undefined || line.requests !== undefined || file.requests !== undefined;
  return isGiven ? {} : { duration: Math.max(LEAST_CONFIRMATION_MS, file.duration ?? 0) };
}

function collect<T>(problems: ConfigProblem[], make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

/** `--samples-per-query` of `samplesPerQuery`. */
function flagOf(key: string): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
