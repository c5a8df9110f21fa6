import { expect, it } from "vitest";
import {
  type CheckFindings,
  describeCheck,
} from "../../../../../src/scenarios/machine/gpu-setup/check-gpu.ts";
import { madeFacts } from "./made-facts.ts";

const broken = (reason: string, ...missingLibraries: string[]): CheckFindings["cuda"] => ({
  works: false,
  reason,
  missingLibraries,
});
const check = (changes: Partial<CheckFindings> = {}) =>
  describeCheck({
    facts: madeFacts(),
    provider: "yes",
    missing: [],
    cuda: { works: true },
    webgpu: { works: true },
    ...changes,
  });

it("is one line where CUDA runs a model", () => {
  expect(check()).toEqual({
    works: true,
    lines: ["CUDA runs the tiny model: NVIDIA H200, driver 580.65.06, ONNX Runtime 1.30.0"],
  });
});

it("names every library that is missing once, and what brings it", () => {
  const { works, lines } = check({
    missing: ["libcublasLt.so.13", "libcuda.so.1", "libstdc++.so.6"],
    cuda: broken("Failed to load shared library", "libcublasLt.so.13", "libcudnn.so.9"),
  });
  expect(works).toBe(false);
  expect(lines).toEqual([
    "CUDA does not work: libcublasLt.so.13 cannot be loaded",
    "NVIDIA H200, driver 580.65.06",
    "missing: libcublasLt.so.13 (CUDA's libraries)",
    "missing: libcuda.so.1 (NVIDIA's driver)",
    "missing: libstdc++.so.6 (the system)",
    "missing: libcudnn.so.9 (cuDNN 9)",
    "WebGPU runs the tiny model",
  ]);
});

it.each([
  ["no", /is not installed: npm run gpu:setup/],
  ["broken", /a link to a file that has gone: npm run gpu:setup/],
] as const)("says what to do about a provider that is not there (%s)", (provider, says) => {
  const cuda = broken("Failed to load shared library", "libonnxruntime_providers_shared.so");
  const { lines } = check({ provider, cuda });
  expect(lines.join("\n")).toMatch(says);
  expect(lines.join("\n")).not.toContain("missing:");
});

it("says when the provider is of another version than onnxruntime-node", () => {
  const installed = { version: "1.29.0", providerFolder: "/p", folders: [] };
  const { lines } = check({ facts: madeFacts({ installed }), cuda: broken("version mismatch") });
  expect(lines).toContain(
    "the CUDA provider is of ONNX Runtime 1.29.0, onnxruntime-node is 1.30.0: npm run gpu:setup",
  );
});

it("lets CUDA's own words stand where it could be tried", () => {
  const cuda = broken("CUDA failure 35: the driver is too old", "libcudnn.so.9");
  expect(check({ cuda }).lines[0]).toBe("CUDA does not work: CUDA failure 35: the driver is too old");
});
