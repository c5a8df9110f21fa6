import { rm } from "node:fs/promises";
import path from "node:path";
import { BenchError } from "../../../core/errors.ts";
import { GPU_LIBRARIES_FILE } from "../gpu-libraries.ts";
import { unlinkProvider } from "./link-provider.ts";
import { runTool, type ToolOptions } from "./run-tool.ts";
import type { SetupFacts } from "./setup-facts.ts";

/**
 * Runs onnxruntime-node's own installer, which takes the provider for CUDA 12 from NuGet. Libraries of CUDA 13 that were in
 * use before are not any more.
 *
 * @throws {BenchError} ERR_DEVICE, in one line, when it fails.
 */
export async function installNuget(
  { runtimeFolder }: SetupFacts,
  { onLine, signal }: Pick<ToolOptions, "onLine" | "signal">,
): Promise<void> {
  // …/onnxruntime-node/bin/napi-v6/linux/x64
  const installer = path.resolve(runtimeFolder, "../../../..", "script", "install.js");
  // The installer would write through the links into the other source's files.
  await unlinkProvider(runtimeFolder);
  await rm(GPU_LIBRARIES_FILE, { force: true });
  const proxy = process.env["HTTPS_PROXY"] ?? process.env["https_proxy"];
  const { exitCode, output } = await runTool(process.execPath, [installer], {
    env: {
      ...process.env,
      ONNXRUNTIME_NODE_INSTALL: "cuda12",
      ...(proxy === undefined
        ? {}
        : { GLOBAL_AGENT_HTTPS_PROXY: process.env["GLOBAL_AGENT_HTTPS_PROXY"] ?? proxy }),
    },
    onLine: (line) => {
      if (/^(Downloading|Extracting) /.test(line)) onLine?.(line);
    },
    signal,
  });
  if (exitCode === 0) return;
  signal?.throwIfAborted();
  throw new BenchError("ERR_DEVICE", nugetFailure(output));
}

/** What went wrong, one line. @param output - the installer's. */
export function nugetFailure(output: string): string {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|certificate/.test(output)) {
    return "NuGet (api.nuget.org) cannot be reached: is there a network, or a proxy to be named in HTTPS_PROXY? Or --source pypi";
  }
  if (/ENOSPC/.test(output)) return "the disk is full";
  const error = /^\s*(?:\w*Error: )(.*)$/m.exec(output)?.[1] ?? output.trim().split("\n").at(-1) ?? "";
  return `onnxruntime-node's installer: ${error.slice(0, 200)}`;
}
