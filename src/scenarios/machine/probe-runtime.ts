import type { Environment } from "../environment.ts";
import { type Finding, finding } from "./finding.ts";
import type { Machine } from "./machine.ts";

/** Node's oldest version that the project runs on. */
const OLDEST_NODE = [20, 19] as const;
/** The oldest glibc that reads `GLIBC_TUNABLES`. */
const OLDEST_GLIBC = [2, 26] as const;

/** Node, the C library, and ONNX Runtime's execution providers. */
export async function probeRuntime(
  machine: Machine,
  { packages }: Environment,
  backends: readonly { readonly name: string; readonly bundled: boolean }[],
): Promise<readonly Finding[]> {
  const providers = await Promise.all(["cpu", "cuda", "webgpu"].map((name) => probeProvider(machine, name)));
  return [
    finding(
      "node",
      "Node.js",
      machine.nodeVersion,
      atLeast(machine.nodeVersion, OLDEST_NODE)
        ? undefined
        : { state: "problem", advice: `install Node.js ${OLDEST_NODE.join(".")} or newer` },
    ),
    probeGlibc(machine),
    finding(
      "onnxruntime",
      "ONNX Runtime",
      `${packages["onnxruntime-node"] || "?"}; with it: ${backends
        .filter(({ bundled }) => bundled)
        .map(({ name }) => name)
        .join(", ")}`,
      backends.length > 0
        ? undefined
        : { state: "problem", advice: "onnxruntime-node cannot be loaded: run npm ci again" },
    ),
    ...providers,
  ];
}

function probeGlibc({ glibcVersion }: Machine): Finding {
  const without = "--tuning tuned sets malloc thresholds that have no effect here: large messages are slower";
  if (glibcVersion === undefined) {
    return finding("glibc", "C library", "not glibc", { state: "note", advice: without });
  }
  return finding(
    "glibc",
    "C library",
    `glibc ${glibcVersion}`,
    atLeast(glibcVersion, OLDEST_GLIBC) ? undefined : { state: "note", advice: without },
  );
}

const PROVIDER_ADVICE: Readonly<Record<string, string>> = {
  cpu: "run npm ci again on this machine: onnxruntime-node brings a library for each platform",
  cuda: "only for --device gpu on an NVIDIA GPU: npm run gpu:setup installs what CUDA needs and names what is missing",
  webgpu:
    "only for --device gpu without CUDA (npm run gpu:setup): install libvulkan1 and a Vulkan driver of the GPU",
};

async function probeProvider(machine: Machine, provider: string): Promise<Finding> {
  const trial = await machine.tryProvider(provider);
  const id = `provider-${provider}`;
  const name = `ONNX Runtime on ${provider}`;
  if (trial.works) return finding(id, name, "runs a model");
  const { reason, missingLibraries } = trial;
  const found = missingLibraries.length === 0 ? reason : `missing: ${missingLibraries.join(", ")}`;
  const state = provider === "cpu" ? "problem" : "note";
  return finding(id, name, found, { state, advice: PROVIDER_ADVICE[provider] ?? "" });
}

/** Whether a version such as `20.20.1` is at least one of two numbers. */
export function atLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [own = 0, ownMinor = 0] = version.split(".").map(Number);
  return own > major || (own === major && ownMinor >= minor);
}
