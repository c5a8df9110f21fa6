import { type Command, Option } from "commander";
import { ConfigError, type ConfigProblem } from "../core/errors.ts";
import { type ComparisonLimits, DEFAULT_LIMITS } from "../reporting/comparison/comparison.ts";
import { METRICS, type Metric } from "../reporting/comparison/side-runs.ts";

/** Adds the options that say from when on a difference counts; `compare` and `gate` share them. */
export function addComparisonOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--threshold <percent>", "a significant change over this is a regression (default 5%)"),
    )
    .addOption(
      new Option(
        "--tolerance <list>",
        "OK when the upper 95 % bound of every change is under it (default p50=10%,p99=25%)",
      ),
    );
}

/**
 * The limits as given, the defaults for the rest.
 * @throws {ConfigError} for what is no percentage above 0, or no percentile that is compared.
 */
export function parseLimits(options: Readonly<Record<string, unknown>>): ComparisonLimits {
  const problems: ConfigProblem[] = [];
  const percent = (path: string, text: string): number => {
    const value = /^(\d+\.?\d*|\.\d+)\s*%?$/.test(text.trim()) ? Number.parseFloat(text) / 100 : Number.NaN;
    if (!(value > 0 && value < 10)) {
      problems.push({ path, message: `expected a percentage above 0 such as 5%, got '${text}'` });
    }
    return value;
  };
  const { threshold, tolerance } = options;
  const limits: Record<Metric, number> = { ...DEFAULT_LIMITS.tolerance };
  for (const part of typeof tolerance === "string" ? tolerance.split(",") : []) {
    const [name = "", value] = part.split("=").map((text) => text.trim());
    const metric = METRICS.find((known) => known === name);
    if (metric === undefined || value === undefined) {
      problems.push({
        path: "--tolerance",
        message: `expected a list such as p50=10%,p99=25%, got '${part}'`,
      });
    } else limits[metric] = percent("--tolerance", value);
  }
  const found = {
    ...DEFAULT_LIMITS,
    ...(typeof threshold === "string" ? { threshold: percent("--threshold", threshold) } : {}),
    tolerance: limits,
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return found;
}
