import { BenchError } from "../../../core/errors.ts";
import type { SetupFacts } from "./setup-facts.ts";

export const SETUP_SOURCES = ["nuget", "pypi"] as const;

/**
 * `nuget`: onnxruntime-node's own installer takes the provider for CUDA 12, the user installs CUDA 12 and cuDNN 9.
 * `pypi`: the provider for CUDA 13 and NVIDIA's libraries, all as wheels, without root.
 */
export type SetupSource = (typeof SETUP_SOURCES)[number];

/** What `gpu:setup` is going to do. */
export interface SetupPlan {
  readonly source: SetupSource;
  /** Why this source, one line. */
  readonly reason: string;
  /** What is done, a line each. */
  readonly steps: readonly string[];
}

/** Oldest drivers. @see https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html */
const OLDEST_DRIVER: Readonly<Record<SetupSource, number>> = { nuget: 525, pypi: 580 };
const CUDA: Readonly<Record<SetupSource, number>> = { nuget: 12, pypi: 13 };
/** Wheels and what is unpacked from them lie side by side for a moment; the libraries alone take 2.4 GB. */
const PYPI_BYTES = 5.5e9;
const NUGET_BYTES = 2e9;

/**
 * Chooses a source and says what it means.
 *
 * @param asked - the user's choice; absent: what fits the driver, PyPI where both do, since it needs nothing else.
 * @param folder - where the libraries would be put.
 * @throws {BenchError} ERR_DEVICE, in one line, when it cannot be done here.
 */
export function planSetup(facts: SetupFacts, folder: string, asked?: SetupSource): SetupPlan {
  const { platform, gpu, driver } = facts;
  if (platform !== "linux/x64") {
    throw refusal(`onnxruntime-node has a CUDA provider for linux/x64 only, this is ${platform}`);
  }
  if (gpu === "" && asked === undefined) {
    throw refusal(
      "no NVIDIA GPU here (nvidia-smi lists none): install its driver first. Other GPUs run on WebGPU and need only " +
        "libvulkan1 and their Vulkan driver. To install all the same, name --source",
    );
  }
  const major = Number.parseInt(driver, 10);
  const [source, reason] = asked === undefined ? choose(facts, major) : ([asked, "asked for"] as const);
  const oldest = OLDEST_DRIVER[source];
  if (major < oldest) {
    throw refusal(`driver ${driver} is too old for CUDA ${CUDA[source]}: ${oldest} or newer is needed`);
  }
  if (source === "pypi" && !facts.pip) {
    throw refusal(
      "PyPI's wheels need python3 with pip (Debian: apt install python3-pip); or --source nuget with CUDA 12 and cuDNN 9",
    );
  }
  return { source, reason, steps: source === "pypi" ? pypiSteps(facts, folder) : nugetSteps(facts) };
}

function choose({ driver, pip }: SetupFacts, major: number): readonly [SetupSource, string] {
  if (major < OLDEST_DRIVER.pypi) return ["nuget", `driver ${driver} is too old for CUDA 13`];
  if (!pip) return ["nuget", "there is no python3 with pip"];
  return ["pypi", `driver ${driver} takes CUDA 13, and nothing else has to be installed`];
}

function pypiSteps(facts: SetupFacts, folder: string): readonly string[] {
  const link = `link ONNX Runtime's CUDA provider into ${facts.runtimeFolder}`;
  if (isInstalled(facts)) return [`use what is in ${facts.installed?.providerFolder}`, link, CHECK];
  needSpace(facts, PYPI_BYTES, folder);
  return [
    `download onnxruntime-gpu ${facts.runtimeVersion} (250 MB) and NVIDIA's CUDA 13 and cuDNN 9 wheels (1.3 GB) with pip`,
    `unpack them into ${folder} (2.4 GB)`,
    link,
    "have every process of wirebench find NVIDIA's libraries there (LD_LIBRARY_PATH)",
    CHECK,
  ];
}

function nugetSteps(facts: SetupFacts): readonly string[] {
  needSpace(facts, NUGET_BYTES, facts.runtimeFolder);
  return [
    `run onnxruntime-node's own installer: the CUDA 12 provider ${facts.runtimeVersion} from NuGet into ${facts.runtimeFolder}`,
    "CUDA 12 and cuDNN 9 are not in it: they must be installed already, where the dynamic linker finds them",
    CHECK,
  ];
}

const CHECK = "check with a tiny model on CUDA";

/** Whether the libraries of exactly this ONNX Runtime are there already. */
export function isInstalled({ installed, runtimeVersion }: SetupFacts): boolean {
  return installed?.version === runtimeVersion;
}

function needSpace({ freeBytes }: SetupFacts, bytes: number, folder: string): void {
  if (freeBytes >= bytes) return;
  throw refusal(
    `${folder}: ${(freeBytes / 1e9).toFixed(1)} GB free, ${(bytes / 1e9).toFixed(1)} GB are needed (another place: --dir)`,
  );
}

function refusal(message: string): BenchError {
  return new BenchError("ERR_DEVICE", message);
}
