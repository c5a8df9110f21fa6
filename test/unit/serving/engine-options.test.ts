import { expect, it } from "vitest";
import { engineSettings } from "../../../src/serving/engine-options.ts";

const options = { models: ["null"], repositoryDir: "models" };

it("divides the cores among the instances", () => {
  expect(engineSettings(options, 8)).toEqual({
    device: "cpu",
    instances: 1,
    intraOpThreads: 8,
    interOpThreads: 1,
    allowSpinning: false,
    maxQueue: 256,
  });
  expect(engineSettings({ ...options, instances: 3 }, 8).intraOpThreads).toBe(2);
  expect(engineSettings({ ...options, instances: 4 }, 2).intraOpThreads).toBe(1);
  expect(engineSettings(options, 128).intraOpThreads).toBe(16);
  expect(engineSettings({ ...options, intraOpThreads: 5 }, 2).intraOpThreads).toBe(5);
  expect(engineSettings({ ...options, cores: 6, instances: 2 }).intraOpThreads).toBe(3);
});

it.each([{ instances: 0 }, { instances: 1.5 }, { intraOpThreads: -1 }, { maxQueue: Number.NaN }])(
  "refuses %j",
  (wrong) => {
    expect(() => engineSettings({ ...options, ...wrong }, 2)).toThrow(/expected a whole number/);
  },
);
