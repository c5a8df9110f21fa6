import type { Device } from "../core/cell.ts";

/** What onnxruntime-node calls its execution providers, and what ONNX Runtime itself calls them. */
export const EXECUTION_PROVIDERS = {
  cpu: "CPUExecutionProvider",
  cuda: "CUDAExecutionProvider",
  webgpu: "WebGpuExecutionProvider",
} as const;

/** A name that onnxruntime-node's `executionProviders` takes. */
export type ProviderName = keyof typeof EXECUTION_PROVIDERS;

/** The execution providers to try for a device, best first; a GPU is never replaced by the CPU. */
export const DEVICE_PROVIDERS: Readonly<Record<Device, readonly ProviderName[]>> = {
  cpu: ["cpu"],
  gpu: ["cuda", "webgpu"],
};

const LONGEST_REASON = 200;

/**
 * The sentence that matters of what ONNX Runtime says when a provider cannot be had: before it stands the place in its own
 * source, behind it more of that.
 */
export function providerFailure(message: string): string {
  const cuda = /\b(?:CUDA|CUDNN|CUBLAS)\w* failure \d+: [^;]+?(?= ;|$)/.exec(message)?.[0];
  const text = cuda ?? message.replace(/^.* was false\. |^(?:OrtSessionOptions)?\w+: /, "");
  return text.replace(/\s+/g, " ").trim().slice(0, LONGEST_REASON);
}
