import { spawn } from "node:child_process";
import { gpuEnvironment } from "../scenarios/machine/gpu-libraries.ts";

/**
 * Runs this very command line again where the dynamic linker finds the CUDA libraries of `gpu:setup`: it reads
 * `LD_LIBRARY_PATH` only when a process starts. For commands that run models in their own process.
 *
 * @returns the other process's exit code; undefined when this process is as it should be.
 */
export async function runWithGpuLibraries(): Promise<number | undefined> {
  const env = gpuEnvironment(process.env);
  if (env["LD_LIBRARY_PATH"] === process.env["LD_LIBRARY_PATH"]) return undefined;
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env,
    stdio: "inherit",
  });
  // The terminal tells both; the other one decides what it means.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => void child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}
