import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startGpuSampler } from "../../../dist/scenarios/machine/gpu-sampler.js";
import { childrenOf, temporaryFolder } from "../wirebench.ts";
import { writeFakeNvidiaSmi } from "./fake-nvidia-smi.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
  writeFakeNvidiaSmi(folder.path);
});
afterAll(() => folder.remove());

async function sampled(end: () => { readonly samples: number } | undefined): Promise<unknown> {
  await sleep(600);
  return end();
}

it("samples what nvidia-smi prints in the window, and leaves no process behind", async () => {
  const before = childrenOf(process.pid).length;
  const sampler = startGpuSampler({ ...process.env, PATH: `${folder.path}:${process.env["PATH"]}` });
  await sleep(300);
  sampler.begin();
  const usage = await sampled(() => sampler.end());
  expect(usage).toMatchObject({
    memoryUsedMb: { mean: expect.closeTo(1_048.576), max: expect.closeTo(1_048.576) },
    utilizationPercent: { mean: 50, max: 50 },
    powerW: { mean: 250.5, max: 250.5 },
  });
  expect(sampler.end()).toEqual(usage);
  await expect.poll(() => childrenOf(process.pid).length).toBe(before);
});

it("tells nothing where there is no nvidia-smi", async () => {
  const sampler = startGpuSampler({ PATH: path.join(folder.path, "none") });
  sampler.begin();
  expect(await sampled(() => sampler.end())).toBeUndefined();
});
