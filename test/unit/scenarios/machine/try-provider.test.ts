import { expect, it } from "vitest";
import { atLeast } from "../../../../src/scenarios/machine/probe-runtime.ts";
import { trialOf } from "../../../../src/scenarios/machine/try-provider.ts";

it("a trial works only when its process says so", () => {
  expect(trialOf("", "noise", "exit code 0")).toEqual({ works: true });
  expect(trialOf(undefined, "", "signal SIGSEGV")).toMatchObject({
    works: false,
    reason: "the runtime's process ended by itself (signal SIGSEGV)",
  });
});

it("names the library that the runtime mentions on standard error only", () => {
  const errors =
    "[E:onnxruntime] Failed to load library /x/libonnxruntime_providers_cuda.so with error: libcublasLt.so.13: cannot open shared object file: No such file or directory";
  expect(trialOf("Failed to load shared library", errors, "")).toEqual({
    works: false,
    reason: "Failed to load shared library",
    missingLibraries: ["libcublasLt.so.13"],
  });
});

it("says which library is too old by the symbol that it has not", () => {
  const errors = (symbol: string): string =>
    `/x/libonnxruntime_providers_cuda.so: undefined symbol: ${symbol}\n`;
  expect(trialOf("Failed to load shared library", errors("cuTensorMapEncodeTiled"), "")).toMatchObject({
    reason: "NVIDIA's driver is too old: it has no cuTensorMapEncodeTiled",
  });
  expect(trialOf("Failed to load shared library", errors("cublasLtNew"), "")).toMatchObject({
    reason: "a library is too old: it has no cublasLtNew",
  });
});

it("takes what CUDA says out of the places in the runtime's source", () => {
  const message =
    "/onnxruntime_src/cuda_call.cc:154 std::conditional_t<THRW, void, Status> onnxruntime::CudaCall(ERRTYPE) [with ERRTYPE = " +
    "cudaError] CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=-1 ; hostname=vm ;";
  expect(trialOf(message, "", "")).toMatchObject({
    reason: "CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version",
  });
});

it("leaves the place in the runtime's own source away", () => {
  const message =
    "/onnxruntime_src/webgpu_context.cc:136 Initialize() status == Success was false. Failed to get an adapter";
  expect(trialOf(message, "", "")).toMatchObject({ reason: "Failed to get an adapter" });
});

it.each([
  ["20.19.0", true],
  ["20.18.9", false],
  ["22.0.0", true],
  ["18.20.0", false],
])("Node %s is new enough: %s", (version, expected) => {
  expect(atLeast(version, [20, 19])).toBe(expected);
});
