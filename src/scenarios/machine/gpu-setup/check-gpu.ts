import path from "node:path";
import { gpuEnvironment } from "../gpu-libraries.ts";
import { type ProviderTrial, tryProvider } from "../try-provider.ts";
import { PROVIDER_FILES, providerIsThere } from "./link-provider.ts";
import { runTool } from "./run-tool.ts";
import type { SetupFacts } from "./setup-facts.ts";

/** Whether a model runs on CUDA here, and what is missing by name. */
export interface GpuCheck {
  readonly works: boolean;
  /** What was found and what to do about it, a line each. */
  readonly lines: readonly string[];
}

/** Everything that was looked at. Plain data. */
export interface CheckFindings {
  readonly facts: SetupFacts;
  readonly provider: "yes" | "no" | "broken";
  /** Names of libraries that the provider is linked with and the dynamic linker does not find. */
  readonly missing: readonly string[];
  readonly cuda: ProviderTrial;
  readonly webgpu: ProviderTrial;
}

/** Runs a tiny model (a convolution and a matrix product) on CUDA and on WebGPU, each in a process of its own. */
export async function checkGpu(facts: SetupFacts): Promise<GpuCheck> {
  const [provider, missing, cuda, webgpu] = await Promise.all([
    providerIsThere(facts.runtimeFolder),
    missingLibraries(path.join(facts.runtimeFolder, PROVIDER_FILES[0])),
    tryProvider("cuda"),
    tryProvider("webgpu"),
  ]);
  return describeCheck({ facts, provider, missing, cuda, webgpu });
}

/** The check in words. */
export function describeCheck({ facts, provider, missing, cuda, webgpu }: CheckFindings): GpuCheck {
  const { gpu, driver, runtimeVersion, installed } = facts;
  const device = gpu === "" ? "no NVIDIA GPU (nvidia-smi lists none)" : `${gpu}, driver ${driver}`;
  const other = webgpu.works ? "WebGPU runs the tiny model" : `WebGPU does not work: ${reasonOf(webgpu)}`;
  if (cuda.works) {
    return { works: true, lines: [`CUDA runs the tiny model: ${device}, ONNX Runtime ${runtimeVersion}`] };
  }
  const lines = [`CUDA does not work: ${reasonOf(cuda)}`, device];
  if (provider !== "yes") {
    lines.push(
      provider === "no"
        ? "the CUDA provider of ONNX Runtime is not installed: npm run gpu:setup"
        : "the CUDA provider is a link to a file that has gone: npm run gpu:setup",
    );
  } else if (installed !== undefined && installed.version !== runtimeVersion) {
    lines.push(
      `the CUDA provider is of ONNX Runtime ${installed.version}, onnxruntime-node is ${runtimeVersion}: npm run gpu:setup`,
    );
  }
  for (const library of new Set([...missing, ...cuda.missingLibraries])) {
    if (!isProvider(library)) lines.push(`missing: ${library} (${originOf(library)})`);
  }
  return { works: false, lines: [...lines, other] };
}

function reasonOf(trial: Exclude<ProviderTrial, { readonly works: true }>): string {
  const [first] = trial.missingLibraries;
  const tried = trial.reason.startsWith("CUDA failure");
  return first === undefined || tried ? trial.reason : `${first} cannot be loaded`;
}

function isProvider(library: string): boolean {
  return (PROVIDER_FILES as readonly string[]).includes(library);
}

/** What brings a library. */
function originOf(library: string): string {
  if (/^libcuda\.so|^libnvidia-/.test(library)) return "NVIDIA's driver";
  if (library.startsWith("libcudnn")) return "cuDNN 9";
  if (/^lib(cu|nv)/.test(library)) return "CUDA's libraries";
  return "the system";
}

/** What `ldd` does not find of a library's own needs, in the environment of wirebench's processes. */
async function missingLibraries(file: string): Promise<readonly string[]> {
  const { output } = await runTool("ldd", [file], { env: gpuEnvironment(process.env) });
  return [...output.matchAll(/^\s*(\S+) => not found$/gm)].flatMap(([, name]) => name ?? []);
}
