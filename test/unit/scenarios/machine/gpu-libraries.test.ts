import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { gpuEnvironment, readGpuLibraries } from "../../../../src/scenarios/machine/gpu-libraries.ts";

const folder = mkdtempSync(path.join(tmpdir(), "wirebench-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const LIBRARIES = {
  version: "1.30.0",
  providerFolder: "/g/provider",
  folders: ["/g/cu13/lib", "/g/cudnn/lib"],
};

it("puts the libraries before what the user has, each folder once", () => {
  expect(gpuEnvironment({ A: "b", LD_LIBRARY_PATH: "/own::/g/cudnn/lib" }, LIBRARIES)).toEqual({
    A: "b",
    CUDA_DEVICE_ORDER: "PCI_BUS_ID",
    LD_LIBRARY_PATH: "/g/cu13/lib:/g/cudnn/lib:/own",
  });
});

it("keeps an environment to which there is nothing to add, and the user's order of devices", () => {
  const file = path.join(folder, "none.json");
  const env = { A: "b", CUDA_DEVICE_ORDER: "FASTEST_FIRST" };
  expect(gpuEnvironment(env, readGpuLibraries(file))).toEqual(env);
});

it("reads what gpu:setup wrote, and takes anything else for nothing", () => {
  const file = path.join(folder, "libraries.json");
  writeFileSync(file, JSON.stringify(LIBRARIES));
  expect(readGpuLibraries(file)).toEqual(LIBRARIES);
  for (const wrong of [
    "",
    "[]",
    "null",
    '{"version":1}',
    '{"version":"1","providerFolder":"x","folders":"y"}',
  ]) {
    writeFileSync(file, wrong);
    expect(readGpuLibraries(file)).toBeUndefined();
  }
});
