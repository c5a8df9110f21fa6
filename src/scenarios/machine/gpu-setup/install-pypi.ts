import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { BenchError, messageOf } from "../../../core/errors.ts";
import { GPU_FOLDER, GPU_LIBRARIES_FILE, type GpuLibraries } from "../gpu-libraries.ts";
import { PROVIDER_FILES } from "./link-provider.ts";
import { runTool, type ToolOptions } from "./run-tool.ts";
import type { SetupFacts } from "./setup-facts.ts";
import { wheelRequirements } from "./wheel-requirements.ts";

/** Any of the Pythons that there are wheels for: only the libraries in them are used. */
const TAGS = [
  ...["--python-version", "3.12", "--implementation", "cp"],
  ...[
    "manylinux_2_28_x86_64",
    "manylinux_2_27_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux2014_x86_64",
  ].flatMap((platform) => ["--platform", platform]),
];

const UNREACHABLE =
  /NewConnectionError|NameResolutionError|Failed to establish|Name or service not known|ConnectTimeout|ReadTimeout|ProxyError|SSLError|Connection (reset|aborted|refused)/;

/**
 * Downloads the CUDA provider of exactly the installed ONNX Runtime and the NVIDIA libraries that it asks for, and writes down
 * where they are. What an earlier, broken-off run left is removed first; nothing half-done is ever used.
 *
 * @param folder - where they are put, in a folder of their version.
 * @throws {BenchError} ERR_DEVICE, in one line, when a wheel cannot be had or the folder not be written.
 */
export async function installPypi(
  { runtimeVersion }: SetupFacts,
  folder: string,
  { onLine, signal }: Pick<ToolOptions, "onLine" | "signal">,
): Promise<GpuLibraries> {
  const place = path.join(folder, `cuda13-${runtimeVersion}`);
  const partial = `${place}.partial`;
  try {
    await rm(partial, { recursive: true, force: true });
    await mkdir(path.join(partial, "tmp"), { recursive: true });
    const pip = (target: string, args: readonly string[]): Promise<void> =>
      runPip(["--target", path.join(partial, target), ...args], path.join(partial, "tmp"), {
        onLine,
        signal,
      });

    await pip("wheel", ["--no-deps", `onnxruntime-gpu==${runtimeVersion}`]);
    const requirements = await takeProvider(path.join(partial, "wheel"), path.join(partial, "provider"));
    await pip("libraries", requirements);
    await rm(path.join(partial, "wheel"), { recursive: true });
    await rm(path.join(partial, "tmp"), { recursive: true });
    // Those of other versions fit nothing any more.
    for (const name of await readdir(folder)) {
      if (/^cuda13-[\d.]+$/.test(name)) await rm(path.join(folder, name), { recursive: true });
    }
    await rename(partial, place);
    const folders = await foldersOfLibraries(path.join(place, "libraries", "nvidia"));
    const libraries: GpuLibraries = {
      version: runtimeVersion,
      providerFolder: path.join(place, "provider"),
      folders,
    };
    await mkdir(GPU_FOLDER, { recursive: true });
    await writeFile(GPU_LIBRARIES_FILE, `${JSON.stringify(libraries, null, 2)}\n`);
    return libraries;
  } catch (cause) {
    await rm(partial, { recursive: true, force: true });
    if (cause instanceof BenchError) throw cause;
    throw new BenchError("ERR_DEVICE", `${folder}: ${messageOf(cause)}`, { cause });
  }
}

/** Keeps the provider's libraries of an unpacked `onnxruntime-gpu`. @returns what it asks for of NVIDIA. */
async function takeProvider(wheel: string, providerFolder: string): Promise<readonly string[]> {
  await mkdir(providerFolder);
  for (const file of PROVIDER_FILES) {
    await rename(path.join(wheel, "onnxruntime", "capi", file), path.join(providerFolder, file));
  }
  const info = (await readdir(wheel)).find((name) => /^onnxruntime_gpu-.*\.dist-info$/.test(name)) ?? "";
  const requirements = wheelRequirements(await readFile(path.join(wheel, info, "METADATA"), "utf8"));
  if (requirements.length > 0) return requirements;
  throw new BenchError("ERR_DEVICE", "this onnxruntime-gpu does not say which NVIDIA libraries it needs");
}

/** Every folder below with a shared library in it, sorted. */
async function foldersOfLibraries(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true });
  const folders = entries
    .filter((name) => /\.so(\.[\d.]+)?$/.test(name))
    .map((name) => path.join(root, path.dirname(name)));
  return [...new Set(folders)].sort();
}

async function runPip(
  args: readonly string[],
  temporary: string,
  { onLine, signal }: Pick<ToolOptions, "onLine" | "signal">,
): Promise<void> {
  const fixed = ["--only-binary=:all:", "--no-compile", "--no-cache-dir", "--disable-pip-version-check"];
  const { exitCode, output } = await runTool(
    "python3",
    ["-m", "pip", "install", ...fixed, "--retries", "2", "--progress-bar", "off", ...TAGS, ...args],
    {
      // pip unpacks there: on the same file system nothing has to be copied.
      env: { ...process.env, TMPDIR: temporary },
      onLine: (line) => {
        const text = /^\s*(Downloading .*|Installing collected packages.*)$/.exec(line)?.[1];
        if (text !== undefined) onLine?.(text);
      },
      signal,
    },
  );
  if (exitCode === 0) return;
  signal?.throwIfAborted();
  throw new BenchError("ERR_DEVICE", pipFailure(output));
}

/** What went wrong, one line. @param output - pip's. */
export function pipFailure(output: string): string {
  if (/No space left on device/.test(output)) return "the disk is full";
  if (UNREACHABLE.test(output))
    return "PyPI cannot be reached: is there a network, or a proxy to be named in HTTPS_PROXY?";
  const error = /^ERROR: (.*)$/m.exec(output)?.[1] ?? output.trim().split("\n").at(-1) ?? "";
  const [, missing] = /No matching distribution found for (\S+)/.exec(output) ?? [];
  return missing === undefined ? `pip: ${error.slice(0, 200)}` : `PyPI has no ${missing} for Linux x64`;
}
