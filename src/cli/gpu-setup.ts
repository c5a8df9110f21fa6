import path from "node:path";
import { Command, Option } from "commander";
import { BenchError } from "../core/errors.ts";
import type { GpuCheck } from "../scenarios/machine/gpu-setup/check-gpu.ts";
import {
  SETUP_SOURCES,
  type SetupPlan,
  type SetupSource,
} from "../scenarios/machine/gpu-setup/plan-setup.ts";
import { checkSetup, setUpGpu } from "../scenarios/machine/gpu-setup/set-up-gpu.ts";
import { listenForInterrupt } from "./interrupt.ts";

interface GpuSetupOptions {
  readonly source?: SetupSource;
  readonly dir?: string;
  readonly check: boolean;
  readonly dryRun: boolean;
}

const HELP = `
pypi: the CUDA 13 provider of exactly the installed ONNX Runtime and NVIDIA's libraries, all from PyPI's wheels; no root,
      python3 with pip, driver 580 or newer. The default where the driver allows it.
nuget: onnxruntime-node's own installer: the CUDA 12 provider; CUDA 12 and cuDNN 9 must be installed already. The default
      for older drivers (525 and newer).
Other GPUs need none of this: they run on WebGPU, with libvulkan1 and their Vulkan driver.
Exit codes: 0 a model runs on CUDA, 1 it does not (what is missing is named), 2 it cannot be set up here.

Examples:
  $ npm run gpu:setup
  $ npm run gpu:setup -- --dry-run
  $ npm run gpu:setup -- --check
  $ npm run gpu:setup -- --source pypi --dir /data/cuda`;

/** `gpu-setup`: the libraries that ONNX Runtime needs for an NVIDIA GPU, installed and checked. */
export function gpuSetupCommand(): Command {
  return new Command("gpu-setup")
    .description("Install what CUDA needs, check it with a tiny model, and name what is missing.")
    .addOption(
      new Option("--source <name>", "where it comes from (default: what fits)").choices(SETUP_SOURCES),
    )
    .option("--dir <folder>", "where pypi's 2.4 GB are put (default: .cuda in the project's folder)")
    .option("--check", "install nothing, only check", false)
    .option("--dry-run", "only say what would be done", false)
    .addHelpText("after", HELP)
    .action(run);
}

async function run({ source, dir, check, dryRun }: GpuSetupOptions): Promise<void> {
  if (check) {
    if (source !== undefined || dir !== undefined || dryRun) {
      throw new BenchError("ERR_USAGE", "--check installs nothing: it stands alone");
    }
    process.exitCode = report(await checkSetup());
    return;
  }
  const interrupt = listenForInterrupt(() => console.error("ending; nothing half-done is kept"));
  try {
    const result = await setUpGpu({
      source,
      folder: dir === undefined ? undefined : path.resolve(dir),
      onPlan(plan) {
        for (const line of planLines(plan)) console.log(line);
        return !dryRun;
      },
      onLine: (line) => console.error(line),
      signal: interrupt.signal,
    });
    if (result !== undefined) process.exitCode = report(result);
  } catch (error) {
    const code = interrupt.exitCode();
    if (code === undefined) throw error;
    process.exitCode = code;
  }
}

function planLines({ source, reason, steps }: SetupPlan): readonly string[] {
  return [`source ${source}: ${reason}`, ...steps.map((step, index) => `${index + 1}. ${step}`)];
}

function report({ works, lines }: GpuCheck): number {
  for (const line of lines) console.log(line);
  return works ? 0 : 1;
}
