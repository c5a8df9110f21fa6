import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { forkWorker } from "../../../../src/scenarios/serving/fork-worker.ts";

describe("a worker's process", () => {
  const { execPath } = process;
  afterEach(() => {
    process.execPath = execPath;
  });

  it("that cannot be started says so to whoever has it, and to nobody else", async () => {
    process.execPath = "/no/such/program";
    const worker = forkWorker("worker.js", { env: {}, execArgv: [] });
    const [error] = (await once(worker, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ENOENT");
    expect(worker.pid).toBeUndefined();
  });
});
