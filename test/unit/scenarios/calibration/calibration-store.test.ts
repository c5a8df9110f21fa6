import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Calibration } from "../../../../src/scenarios/calibration/calibration-result.ts";
import {
  CALIBRATION_FILE,
  lastCalibration,
  machineKey,
  saveCalibration,
} from "../../../../src/scenarios/calibration/calibration-store.ts";
import { describeCalibration } from "../../../../src/scenarios/calibration/describe-calibration.ts";
import type { Environment } from "../../../../src/scenarios/environment.ts";

const machine = (change: Partial<Environment> = {}): Environment =>
  ({ hostname: "car", cpuModel: "A 1", cpus: 2, kernel: "6.1", node: "v20.20.0", ...change }) as Environment;

const points = (p99Ms: number) => ({ p50Ms: p99Ms / 2, p99Ms, maxMs: p99Ms * 2 });

const calibration = (key: string, errorMs = 0.2): Calibration => ({
  ranAt: "2026-03-14T09:15:00.000Z",
  machine: key,
  quick: false,
  seed: 1,
  boundMs: 0.3,
  passed: errorMs <= 0.3,
  cases: [
    {
      transport: "http",
      name: "load-0.8",
      what: "",
      requests: 1_600,
      pathMs: 0.4,
      predicted: points(20),
      measured: points(20),
      error: points(errorMs),
      outOfOrder: 0,
    },
  ],
  bytes: [],
});

describe("the calibration of a machine", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "wirebench-test-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it("is found again on that machine and on no other", async () => {
    await saveCalibration(folder, calibration(machineKey(machine())));
    expect(await lastCalibration(folder, machine())).toEqual(calibration(machineKey(machine())));
    expect(await lastCalibration(folder, machine({ node: "v22.0.0" }))).toBeUndefined();
    expect(await lastCalibration(folder, machine({ hostname: "cloud" }))).toBeUndefined();
  });

  it("replaces the last one and leaves other machines' alone", async () => {
    const cloud = machine({ hostname: "cloud" });
    await saveCalibration(folder, calibration(machineKey(cloud)));
    await saveCalibration(folder, calibration(machineKey(machine()), 0.1));
    await saveCalibration(folder, calibration(machineKey(machine()), 0.4));
    expect((await lastCalibration(folder, machine()))?.passed).toBe(false);
    expect((await lastCalibration(folder, cloud))?.passed).toBe(true);
  });

  it("is carried by results elsewhere, too: the later one of their folder and the default one", async () => {
    const elsewhere = join(folder, "elsewhere");
    const key = machineKey(machine());
    const earlier = { ...calibration(key), ranAt: "2026-03-13T09:15:00.000Z" };
    await saveCalibration(folder, calibration(key));
    expect(await lastCalibration(elsewhere, machine(), folder)).toEqual(calibration(key));
    await saveCalibration(elsewhere, earlier);
    expect(await lastCalibration(elsewhere, machine(), folder)).toEqual(calibration(key));
    expect(await lastCalibration(folder, machine(), elsewhere)).toEqual(calibration(key));
    expect(await lastCalibration(elsewhere, machine(), join(folder, "nowhere"))).toEqual(earlier);
  });

  it("is none where the file is missing or broken", async () => {
    expect(await lastCalibration(join(folder, "nowhere"), machine())).toBeUndefined();
    for (const text of [
      "{",
      "[]",
      '{"schemaVersion":9,"machines":{}}',
      '{"schemaVersion":1,"machines":null}',
    ]) {
      await writeFile(join(folder, CALIBRATION_FILE), text);
      expect(await lastCalibration(folder, machine())).toBeUndefined();
    }
  });

  it("is one line in a report", () => {
    expect(describeCalibration(undefined)).toMatch(/none of this machine/);
    expect(describeCalibration(calibration("car"))).toBe(
      "calibration of 2026-03-14T09:15:00.000Z (http): error p99 at most 0.200 ms over 1 cases, within 0.3 ms",
    );
    expect(describeCalibration(calibration("car", 0.9))).toMatch(/0\.900 ms over 1 cases, NOT within/);
  });
});
