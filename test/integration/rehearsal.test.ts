import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderOf, run, start, temporaryFolder } from "./wirebench.ts";

interface Rehearsed {
  readonly cells: readonly {
    readonly key: { readonly transport: string };
    readonly runs: readonly {
      readonly warmUp: { readonly rule: string; readonly rehearsal?: { readonly requests: number } };
      readonly figures: { readonly requests: number; readonly failed: number };
    }[];
  }[];
}

describe("the rehearsal before a warm-up", () => {
  let out: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    out = await temporaryFolder();
  });
  afterAll(() => out.remove());

  const bench = async (...args: string[]): Promise<Rehearsed> => {
    const what = ["--model", "null", "--input", "synthetic", "--requests", "20", "--repetitions", "1"];
    const ended = await run(["bench", "--out", out.path, ...what, ...args]);
    expect(ended.code, ended.stderr + ended.stdout).toBe(0);
    return JSON.parse(readFileSync(join(folderOf(ended), "report.json"), "utf8"));
  };

  it("goes over every transport, and no request of it is counted in the run", async () => {
    const transports = ["local", "http", "mqtt", "tfs-http", "tfs-grpc"];
    const { cells } = await bench("--transport", transports.join(","), "--encoding", "binary,json");
    expect(new Set(cells.map(({ key }) => key.transport))).toEqual(new Set(transports));
    for (const { key, runs } of cells) {
      expect(runs[0]?.warmUp.rehearsal?.requests, key.transport).toBeGreaterThan(100);
      expect(runs[0]?.figures, key.transport).toMatchObject({ requests: 20, failed: 0 });
    }
  });

  it("takes a server of its own where that of the run is somebody else's", async () => {
    const serving = start(["serve", "--transport", "http", "--model", "null", "--http-port", "0"]);
    try {
      await serving.wrote("Ctrl-C");
      const url = serving.stdout().trim();
      const { cells } = await bench("--transport", "http", "--encoding", "binary", "--url", url);
      expect(cells[0]?.runs[0]?.warmUp.rehearsal?.requests).toBeGreaterThan(100);
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toMatch(/nv_inference_request_success\{model="null"/);
      expect(metrics).not.toContain("identity");
    } finally {
      serving.child.kill("SIGINT");
      await serving.ended;
    }
  });

  it("is left out where a warm-up of another rule is asked for", async () => {
    const { cells } = await bench("--transport", "http", "--encoding", "binary", "--warmup", "50ms");
    expect(cells[0]?.runs[0]?.warmUp).toMatchObject({ rule: "fixed" });
    expect(cells[0]?.runs[0]?.warmUp.rehearsal).toBeUndefined();
  });
});
