import { describe, expect, it } from "vitest";
import { planSetup, type SetupSource } from "../../../../../src/scenarios/machine/gpu-setup/plan-setup.ts";
import { madeFacts } from "./made-facts.ts";

const FOLDER = "/p/.cuda";

describe("the source that fits", () => {
  it.each<[string, Parameters<typeof madeFacts>[0], SetupSource]>([
    ["a driver of CUDA 13", {}, "pypi"],
    ["a driver of CUDA 12", { driver: "550.54.15" }, "nuget"],
    ["no pip", { pip: false }, "nuget"],
  ])("%s", (_what, facts, source) => {
    const plan = planSetup(madeFacts(facts), FOLDER);
    expect(plan.source).toBe(source);
    expect(plan.reason).not.toBe("");
  });

  it("is the user's where one is asked for, GPU or not", () => {
    expect(planSetup(madeFacts({ gpu: "", driver: "" }), FOLDER, "pypi").source).toBe("pypi");
    expect(planSetup(madeFacts(), FOLDER, "nuget").source).toBe("nuget");
  });
});

describe("what cannot be is refused in one line", () => {
  it.each<[string, Parameters<typeof madeFacts>[0], SetupSource | undefined, RegExp]>([
    ["another platform", { platform: "darwin/arm64" }, "pypi", /linux\/x64 only, this is darwin\/arm64/],
    ["no GPU", { gpu: "", driver: "" }, undefined, /no NVIDIA GPU here/],
    ["an old driver", { driver: "550.54.15" }, "pypi", /550\.54\.15 is too old for CUDA 13: 580/],
    ["a very old driver", { driver: "470.1" }, undefined, /470\.1 is too old for CUDA 12: 525/],
    ["no pip", { pip: false }, "pypi", /python3 with pip/],
    ["a full disk", { freeBytes: 3e9 }, "pypi", /\/p\/\.cuda: 3\.0 GB free, 5\.5 GB are needed/],
  ])("%s", (_what, facts, source, says) => {
    expect(() => planSetup(madeFacts(facts), FOLDER, source)).toThrow(says);
    expect(() => planSetup(madeFacts(facts), FOLDER, source)).toThrow(
      expect.objectContaining({ code: "ERR_DEVICE", message: expect.not.stringContaining("\n") }),
    );
  });
});

it("downloads nothing that is there, not even with a full disk, unless it is of another version", () => {
  const installed = { version: "1.30.0", providerFolder: "/p/.cuda/cuda13-1.30.0/provider", folders: [] };
  const there = planSetup(madeFacts({ installed, freeBytes: 1e6 }), FOLDER);
  expect(there.steps[0]).toBe("use what is in /p/.cuda/cuda13-1.30.0/provider");
  expect(there.steps.join()).not.toContain("download");
  const old = planSetup(madeFacts({ installed: { ...installed, version: "1.29.0" } }), FOLDER);
  expect(old.steps[0]).toContain("download onnxruntime-gpu 1.30.0");
});
