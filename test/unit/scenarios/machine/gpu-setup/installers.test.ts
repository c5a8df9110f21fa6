import { expect, it } from "vitest";
import { nugetFailure } from "../../../../../src/scenarios/machine/gpu-setup/install-nuget.ts";
import { pipFailure } from "../../../../../src/scenarios/machine/gpu-setup/install-pypi.ts";
import { wheelRequirements } from "../../../../../src/scenarios/machine/gpu-setup/wheel-requirements.ts";

it("reads from the wheel which NVIDIA libraries it wants", () => {
  // Of onnxruntime_gpu 1.30.0, and the older way to write a version in brackets.
  const metadata = `Metadata-Version: 2.4
Name: onnxruntime-gpu
Requires-Dist: flatbuffers
Requires-Dist: numpy>=1.21.6
Provides-Extra: symbolic
Requires-Dist: sympy; extra == "symbolic"
Provides-Extra: cuda
Requires-Dist: nvidia-cuda-nvrtc~=13.0; extra == "cuda"
Requires-Dist: nvidia-cufft (~=12.0) ; extra == 'cuda'
Requires-Dist: nvidia-cufft~=12.0; extra == "cuda"
Provides-Extra: cudnn
Requires-Dist: nvidia-cudnn-cu13~=9.0; extra == "cudnn"
Requires-Dist: nvidia-other; extra == "tensorrt"

Description with Requires-Dist: nothing; extra`;
  expect(wheelRequirements(metadata)).toEqual([
    "nvidia-cuda-nvrtc~=13.0",
    "nvidia-cufft~=12.0",
    "nvidia-cudnn-cu13~=9.0",
  ]);
  expect(wheelRequirements("Name: onnxruntime-gpu")).toEqual([]);
});

it.each([
  [
    "WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError(…: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/onnxruntime-gpu/\nERROR: Could not find a version that satisfies the requirement onnxruntime-gpu==1.30.0 (from versions: none)\nERROR: No matching distribution found for onnxruntime-gpu==1.30.0\n",
    /PyPI cannot be reached/,
  ],
  [
    "ERROR: Could not find a version that satisfies the requirement onnxruntime-gpu==9.9.9 (from versions: 1.30.0)\nERROR: No matching distribution found for onnxruntime-gpu==9.9.9\n",
    /^PyPI has no onnxruntime-gpu==9\.9\.9 for Linux x64$/,
  ],
  [
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n",
    /the disk is full/,
  ],
  ["ERROR: something else\n\n[notice] a new release", /^pip: something else$/],
  ["", /^pip: $/],
])("says in one line what pip's failure means", (output, says) => {
  expect(pipFailure(output)).toMatch(says);
  expect(pipFailure(output)).not.toContain("\n");
});

it.each([
  ["Error: getaddrinfo ENOTFOUND api.nuget.org\n    at GetAddrInfoReqWrap", /NuGet .* cannot be reached/],
  ["node:fs\nError: ENOSPC: no space left on device, write", /the disk is full/],
  [
    "Uncaught\nError: Failed to find specific package versions for X in Y\n    at z",
    /^onnxruntime-node's installer: Failed to find specific package versions for X in Y$/,
  ],
])("says in one line what the failure of NuGet's installer means", (output, says) => {
  expect(nugetFailure(output)).toMatch(says);
});
