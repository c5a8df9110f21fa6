import { expect, it } from "vitest";
import { parseGpuSample, sampledGpu } from "../../../../src/scenarios/machine/gpu-sampler.ts";

it.each([
  // A card at work, one that does not tell its power, a MIG slice.
  ["45123, 97, 512.34", { memoryUsedMb: 47_314.9, utilizationPercent: 97, powerW: 512.34 }],
  ["1024, 3, [Not Supported]", { memoryUsedMb: 1_073.74, utilizationPercent: 3, powerW: undefined }],
  ["20096, [N/A], [N/A]", { memoryUsedMb: 21_072.2, utilizationPercent: undefined, powerW: undefined }],
])("reads %j", (line, { memoryUsedMb, ...rest }) => {
  expect(parseGpuSample(line)).toEqual({ memoryUsedMb: expect.closeTo(memoryUsedMb, 0), ...rest });
});

it.each([
  "",
  "No devices were found",
  "[N/A], [N/A], [N/A]",
  "1, 2",
  "1, 2, 3, 4",
  "Unable to determine, x, y",
])("finds no sample in %j", (line) => {
  expect(parseGpuSample(line)).toBeUndefined();
});

it.each([
  [undefined, "0"],
  ["", "0"],
  ["2,0", "2"],
  ["GPU-8932f937-d72c-4106-c12f-20bd9faed9f6", "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6"],
  ["; rm", "0"],
])("CUDA_VISIBLE_DEVICES=%s: device %s", (visible, expected) => {
  expect(sampledGpu({ CUDA_VISIBLE_DEVICES: visible })).toBe(expected);
});
