import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Where `gpu:setup` puts what it installs unless it is told otherwise: in the project's folder, ignored by git. */
export const GPU_FOLDER = fileURLToPath(new URL("../../../.cuda", import.meta.url));

/** Says where the libraries are; always here, wherever they are themselves. */
export const GPU_LIBRARIES_FILE = path.join(GPU_FOLDER, "libraries.json");

/** What `gpu:setup` installed. */
export interface GpuLibraries {
  /** Of ONNX Runtime: its provider fits no other. */
  readonly version: string;
  /** Holds `libonnxruntime_providers_cuda.so` and `…_shared.so`. */
  readonly providerFolder: string;
  /** Of NVIDIA's libraries: what `LD_LIBRARY_PATH` is to name. */
  readonly folders: readonly string[];
}

/** What was installed; undefined when nothing was, or when the file cannot be read. */
export function readGpuLibraries(file = GPU_LIBRARIES_FILE): GpuLibraries | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof parsed !== "object" || parsed === null) return undefined;
    const { version, providerFolder, folders } = parsed as Readonly<Record<string, unknown>>;
    if (typeof version !== "string" || typeof providerFolder !== "string" || !Array.isArray(folders)) {
      return undefined;
    }
    return { version, providerFolder, folders: folders.filter((each) => typeof each === "string") };
  } catch {
    return undefined;
  }
}

/**
 * The environment of a process that may run models on a GPU: the dynamic linker reads `LD_LIBRARY_PATH` only when a process
 * starts. Devices are counted as `nvidia-smi` counts them.
 */
export function gpuEnvironment(
  env: NodeJS.ProcessEnv,
  libraries: GpuLibraries | undefined = readGpuLibraries(),
): NodeJS.ProcessEnv {
  const order = env["CUDA_DEVICE_ORDER"] ?? "PCI_BUS_ID";
  const own = (env["LD_LIBRARY_PATH"] ?? "").split(path.delimiter).filter((folder) => folder !== "");
  const folders = [...new Set([...(libraries?.folders ?? []), ...own])];
  return {
    ...env,
    CUDA_DEVICE_ORDER: order,
    ...(folders.length === 0 ? {} : { LD_LIBRARY_PATH: folders.join(path.delimiter) }),
  };
}
