import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { run, temporaryFolder } from "./wirebench.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(async () => {
  await folder.remove();
});

interface Points {
  readonly p50Ms: number;
  readonly maxMs: number;
}

interface Calibrated {
  readonly passed: boolean;
  readonly cases: readonly {
    readonly name: string;
    readonly requests: number;
    readonly predicted: Points;
    readonly measured: Points;
    readonly failure?: string;
  }[];
  readonly own: { readonly clockStepNs: number; readonly timePerRequestMs: number };
  readonly bytes: readonly Readonly<Record<string, number>>[];
}

it("a quick calibration judges every case and is not kept", { timeout: 120_000 }, async () => {
  const args = ["calibrate", "--quick", "--json", "--transport", "http", "--seed", "7", "--out", folder.path];
  const { code, stdout, stderr } = await run(args);
  const calibration = JSON.parse(stdout) as Calibrated;
  expect(code, stderr).toBe(calibration.passed ? 0 : 1);
  expect(stderr).toMatch(/^seed 7 /);
  expect(calibration.cases.map(({ name }) => name)).toEqual([
    "service-5ms",
    "service-20ms",
    "stall-1.4s",
    "load-0.5",
    "load-0.8",
  ]);
  for (const { name, requests, predicted, measured, failure } of calibration.cases) {
    // A machine that is busy with other tests may leave a case unjudged; a judged one has the shape of its queue.
    if (failure !== undefined) {
      expect(failure).toMatch(/other work/);
      continue;
    }
    expect(requests).toBeGreaterThanOrEqual(25);
    expect(predicted.p50Ms).toBeGreaterThan(5);
    if (name === "stall-1.4s") {
      expect(predicted.maxMs).toBeGreaterThan(1_400);
      expect(measured.maxMs).toBeGreaterThan(1_400);
      expect(predicted.p50Ms).toBeGreaterThan(100);
    }
  }
  expect(calibration.own.clockStepNs).toBeGreaterThan(0);
  expect(calibration.own.timePerRequestMs).toBeGreaterThan(0);
  const [bytes] = calibration.bytes;
  expect(bytes?.["requestTcpBytes"]).toBeGreaterThan(bytes?.["requestPayloadBytes"] ?? Number.NaN);
  if (bytes?.["requestKernelBytes"] !== undefined) {
    expect(bytes["requestKernelBytes"]).toBe(bytes["requestTcpBytes"]);
    expect(bytes["responseKernelBytes"]).toBe(bytes["responseTcpBytes"]);
  }
  expect(existsSync(join(folder.path, "calibration.json"))).toBe(false);
});

it.each([
  [["--transport", "smoke-signals"], /^wirebench: --transport: .*smoke-signals/],
  [["--seed", "-1"], /^wirebench: --seed: /],
  [["--frobnicate"], /^wirebench: unknown option '--frobnicate'/],
])("%j is one line and exit 2", async (args, said) => {
  const { code, stderr } = await run(["calibrate", ...args]);
  expect(code).toBe(2);
  expect(stderr.split("\n")[0]).toMatch(said);
});
