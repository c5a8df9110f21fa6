import type { SetupFacts } from "../../../../../src/scenarios/machine/gpu-setup/setup-facts.ts";

/** A machine on which everything can be set up, nothing installed yet. */
export function madeFacts(changes: Partial<SetupFacts> = {}): SetupFacts {
  return {
    platform: "linux/x64",
    runtimeVersion: "1.30.0",
    runtimeFolder: "/p/node_modules/onnxruntime-node/bin/napi-v6/linux/x64",
    gpu: "NVIDIA H200",
    driver: "580.65.06",
    pip: true,
    freeBytes: 50e9,
    installed: undefined,
    ...changes,
  };
}
