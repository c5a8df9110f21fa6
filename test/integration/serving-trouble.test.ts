import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inputs, post, serve, serveIn, workersOf } from "./serving-process.ts";
import { isAlive } from "./wirebench.ts";

describe("serve with a worker in trouble", () => {
  it("goes on when one worker no longer starts, says so, and has it back when it does", async () => {
    const folder = await mkdtemp(join(tmpdir(), "wirebench-test-"));
    const [crash, sick] = [join(folder, "crash.cjs"), join(folder, "sick")];
    await writeFile(
      crash,
      `if (process.argv[1]?.endsWith("processes/server.js") && require("node:fs").existsSync(${JSON.stringify(sick)})) {
        console.error("no luck");
        process.exit(7);
      }`,
    );
    const env = { ...process.env, NODE_OPTIONS: `--require ${crash}` };
    const server = await serveIn(env, "--model", "null", "--workers", "2");
    await writeFile(sick, "");
    const told = (delayS: number): string =>
      `did not start: the server process ended with code 7: no luck; another try in ${delayS} s`;
    process.kill(workersOf(server)[0] ?? 0, "SIGKILL");
    // Waits of 0.1 s, and of twice as long each time: more of them than end serve when nobody serves.
    for (const delayS of [0.2, 0.4, 0.8, 1.6, 3.2]) await server.wrote(told(delayS));
    expect((await post(`${server.http}/v2/models/null/infer`, { inputs })).status).toBe(200);
    await rm(sick);
    await server.wrote("serves in its place");
    expect(workersOf(server)).toHaveLength(2);
    server.child.kill("SIGTERM");
    expect((await server.ended).code).toBe(0);
    await rm(folder, { recursive: true });
  });

  it("is not held up by a worker that is stopped: metrics are told, and SIGTERM ends it", async () => {
    const server = await serve("--model", "null", "--workers", "2", "--drain-timeout", "100ms");
    const [stopped = 0] = workersOf(server);
    process.kill(stopped, "SIGSTOP");
    try {
      const metrics = await fetch(`${server.http}/metrics`);
      expect(metrics.status).toBe(200);
      expect(await metrics.text()).toContain("nv_inference_count");
    } finally {
      server.child.kill("SIGTERM");
    }
    expect((await server.ended).code).toBe(0);
    expect(isAlive(stopped)).toBe(false);
  });
});
