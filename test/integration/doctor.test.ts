import net from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { MachineReport } from "../../src/scenarios/machine/examine-machine.ts";
import { run, temporaryFolder } from "./wirebench.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

async function report(
  cwd?: string,
): Promise<{ readonly code: number | null; readonly report: MachineReport }> {
  const { code, stdout, stderr } = await run(["doctor", "--json"], cwd);
  expect(stderr).toBe("");
  return { code, report: JSON.parse(stdout) as MachineReport };
}

it("says that the default bench can run here, a line or two for each finding", async () => {
  const ended = await run(["doctor"]);
  expect(ended.code, ended.stdout).toBe(0);
  for (const name of ["Node.js", "C library", "ONNX Runtime on cpu", "Cores", "Memory", "Port 8000 (HTTP)"]) {
    expect(ended.stdout).toContain(name);
  }
  expect(ended.stdout).toMatch(/^ok +ONNX Runtime on cpu +runs a model$/m);
  expect(ended.stdout).toMatch(/^The default bench can run here; notes: \d+\.$/m);
});

it("finds a port that is taken", async () => {
  const blocker = net.createServer();
  // Another program may hold it already, which serves as well.
  await new Promise<void>((resolve) => {
    blocker.once("error", () => resolve());
    blocker.listen(8001, "127.0.0.1", () => resolve());
  });
  try {
    const { code, report: found } = await report();
    expect(code).toBe(0);
    expect(found.findings.find(({ id }) => id === "port-8001")).toMatchObject({
      state: "note",
      found: "in use",
    });
  } finally {
    blocker.close();
  }
});

it("ends with 1 where the default input is missing", async () => {
  const { code, report: found } = await report(folder.path);
  expect(code).toBe(1);
  expect(found.ready).toBe(false);
  expect(found.findings.filter(({ state }) => state === "problem").map(({ id }) => id)).toEqual([
    "sample-bag",
  ]);
});
