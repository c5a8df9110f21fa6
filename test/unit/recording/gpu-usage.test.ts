import { expect, it } from "vitest";
import { gpuUsage, mergeGpuUsage } from "../../../src/recording/gpu-usage.ts";

it("takes mean and largest of what there is of each figure", () => {
  const samples = [{ utilizationPercent: 10, powerW: 100 }, { utilizationPercent: 40 }, { memoryUsedMb: 5 }];
  expect(gpuUsage(samples)).toEqual({
    samples: 3,
    memoryUsedMb: { mean: 5, max: 5 },
    utilizationPercent: { mean: 25, max: 40 },
    powerW: { mean: 100, max: 100 },
  });
  expect(gpuUsage([])).toBeUndefined();
});

it("weights the means of several runs by their samples", () => {
  const runs = [
    { samples: 3, powerW: { mean: 100, max: 120 } },
    { samples: 1, powerW: { mean: 200, max: 210 }, memoryUsedMb: { mean: 7, max: 8 } },
  ];
  expect(mergeGpuUsage(runs)).toEqual({
    samples: 4,
    powerW: { mean: 125, max: 210 },
    memoryUsedMb: { mean: 7, max: 8 },
  });
  expect(mergeGpuUsage([])).toBeUndefined();
});
