import { GPU_FOLDER } from "../gpu-libraries.ts";
import { checkGpu, type GpuCheck } from "./check-gpu.ts";
import { installNuget } from "./install-nuget.ts";
import { installPypi } from "./install-pypi.ts";
import { linkProvider } from "./link-provider.ts";
import { isInstalled, planSetup, type SetupPlan, type SetupSource } from "./plan-setup.ts";
import { readSetupFacts } from "./setup-facts.ts";

export interface SetupOptions {
  /** @default what fits the driver */
  readonly source?: SetupSource | undefined;
  /** Where wheels are unpacked. @default `.cuda` in the project's folder */
  readonly folder?: string | undefined;
  /** Told the plan before anything is done; false: do nothing. */
  onPlan(plan: SetupPlan): boolean;
  /** A line about what takes time. */
  onLine(line: string): void;
  readonly signal: AbortSignal;
}

/**
 * Installs what CUDA needs and checks it.
 * @returns the check; undefined when `onPlan` said no.
 * @throws {BenchError} ERR_DEVICE, in one line, when it cannot be done here or an installation fails.
 */
export async function setUpGpu(options: SetupOptions): Promise<GpuCheck | undefined> {
  const { folder = GPU_FOLDER, onLine, signal } = options;
  const facts = await readSetupFacts(folder);
  const plan = planSetup(facts, folder, options.source);
  if (!options.onPlan(plan)) return undefined;
  if (plan.source === "nuget") {
    await installNuget(facts, { onLine, signal });
  } else {
    const there = isInstalled(facts) ? facts.installed : undefined;
    const { providerFolder } = there ?? (await installPypi(facts, folder, { onLine, signal }));
    await linkProvider(providerFolder, facts.runtimeFolder);
  }
  return checkSetup();
}

/** Looks only. */
export async function checkSetup(): Promise<GpuCheck> {
  return checkGpu(await readSetupFacts(GPU_FOLDER));
}
