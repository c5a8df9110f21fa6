import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Calibration } from "../../../../src/scenarios/calibration/calibration-result.ts";
import { lastCalibration, machineKey } from "../../../../src/scenarios/calibration/calibration-store.ts";
import type { Environment } from "../../../../src/scenarios/environment.ts";
import { lastLines } from "../../../../src/scenarios/gate/run-command.ts";
import { gateOrder, runGate } from "../../../../src/scenarios/gate/run-gate.ts";

it("blocks are A B B A, with the first two and the last two as pairs", () => {
  expect(
    gateOrder(2)
      .map(({ side }) => side.slice(0, 1))
      .join(""),
  ).toBe("bhhbbhhb");
  expect(gateOrder(2).map(({ pair }) => pair)).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  expect(gateOrder(2).map(({ block, position }) => `${block}.${position}`)).toEqual([
    "1.1",
    "1.2",
    "1.3",
    "1.4",
    "2.1",
    "2.2",
    "2.3",
    "2.4",
  ]);
});

it("lays the machine's calibration where each run's bench looks for it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "wirebench-test-"));
  try {
    const machine = { hostname: "car" } as Environment;
    const calibration = { machine: machineKey(machine), passed: true } as Calibration;
    const side = { cli: join(folder, "no-such-main.js"), args: [] };
    const plan = {
      base: side,
      head: side,
      args: [],
      seed: 1,
      blocks: 1,
      out: folder,
      calibration,
      cwd: folder,
    };
    const events = { started: () => {}, finished: async () => {}, wantsMore: () => false };
    await expect(runGate(plan, events, new AbortController().signal)).rejects.toThrow(/the base's bench/);
    expect(await lastCalibration(join(folder, "001-base"), machine, folder)).toEqual(calibration);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("lastLines leaves out blank lines and npm's notices", () => {
  expect(lastLines("a\n\nnpm notice new version\nb\n  c\n", 2)).toBe("b\n  c");
});
