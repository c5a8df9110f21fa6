import path from "node:path";
import type { Environment } from "../environment.ts";
import { type Finding, finding } from "./finding.ts";
import { findProgram, type Machine } from "./machine.ts";

/** Where the Vulkan loader looks for drivers. @see https://vulkan.lunarg.com/doc/view/latest/linux/LoaderDriverInterface.html */
const ICD_FOLDERS = [
  "/usr/local/etc/vulkan/icd.d",
  "/usr/local/share/vulkan/icd.d",
  "/etc/vulkan/icd.d",
  "/usr/share/vulkan/icd.d",
] as const;

const LIBRARY_FOLDERS = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib64",
  "/usr/lib",
  "/lib/x86_64-linux-gnu",
  "/usr/local/lib",
] as const;

/** The NVIDIA GPU and what Vulkan finds. Neither is needed for the CPU. */
export function probeGpu(machine: Machine, { gpu, gpuDriver }: Environment): readonly Finding[] {
  return [probeNvidia(machine, gpu, gpuDriver), probeVulkan(machine)];
}

function probeNvidia(machine: Machine, gpu: string, driver: string): Finding {
  if (gpu !== "") return finding("gpu", "NVIDIA GPU", `${gpu}, driver ${driver}`);
  const found =
    findProgram(machine, "nvidia-smi") === undefined
      ? "none (no nvidia-smi)"
      : "none (nvidia-smi finds no device)";
  return finding("gpu", "NVIDIA GPU", found, {
    state: "note",
    advice: "only for --device gpu on CUDA: a GPU with its driver; nvidia-smi must list it",
  });
}

function probeVulkan(machine: Machine): Finding {
  const { env } = machine;
  const named = env["VK_DRIVER_FILES"] ?? env["VK_ICD_FILENAMES"];
  const variable = env["VK_DRIVER_FILES"] === undefined ? "VK_ICD_FILENAMES" : "VK_DRIVER_FILES";
  const home = env["HOME"];
  const folders = home === undefined ? ICD_FOLDERS : [...ICD_FOLDERS, `${home}/.local/share/vulkan/icd.d`];
  const files =
    named === undefined
      ? folders.flatMap((folder) => manifestsIn(machine, folder))
      : named.split(path.delimiter).filter((file) => file !== "");
  const missing = files.find((file) => machine.readText(file) === undefined);
  if (missing !== undefined && named !== undefined) {
    return finding("vulkan", "Vulkan", `${variable} names ${missing}, which cannot be read`, {
      state: "note",
      advice: `correct ${variable}, or unset it`,
    });
  }
  const loader = loaderIn(machine);
  const drivers =
    files.length === 0 ? "no driver" : `drivers ${files.map((file) => path.basename(file)).join(", ")}`;
  const found = `${loader === undefined ? "no libvulkan.so.1" : "libvulkan.so.1"}, ${drivers}`;
  return finding(
    "vulkan",
    "Vulkan",
    found,
    loader !== undefined && files.length > 0
      ? undefined
      : {
          state: "note",
          advice:
            "only for --device gpu on WebGPU: libvulkan1 and the GPU's driver (VK_DRIVER_FILES names it)",
        },
  );
}

function manifestsIn(machine: Machine, folder: string): readonly string[] {
  return machine
    .list(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => path.join(folder, name));
}

function loaderIn(machine: Machine): string | undefined {
  const own = (machine.env["LD_LIBRARY_PATH"] ?? "").split(path.delimiter).filter((folder) => folder !== "");
  return [...own, ...LIBRARY_FOLDERS].find((folder) => machine.list(folder).includes("libvulkan.so.1"));
}
