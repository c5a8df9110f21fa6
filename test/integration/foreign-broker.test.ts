import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasMosquitto, type MosquittoProcess, startMosquitto } from "../conformance/mosquitto-process.ts";
import { readCsv, run, temporaryFolder } from "./wirebench.ts";

const MISSING = hasMosquitto() ? "" : " (skipped: mosquitto is not installed)";

describe.skipIf(MISSING !== "")(`bench through the user's broker${MISSING}`, () => {
  let broker: MosquittoProcess;
  let out: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    broker = await startMosquitto();
    out = await temporaryFolder();
  });
  afterAll(async () => {
    await broker.stop();
    await out.remove();
  });

  it("speaks MQTT 5 with Mosquitto, and leaves the broker's columns empty", async () => {
    const ended = await run([
      ...[
        "bench",
        "--transport",
        "mqtt",
        "--broker",
        broker.url,
        "--qos",
        "1",
        "--model",
        "null",
        "--out",
        out.path,
      ],
      ...[
        "--input",
        "synthetic",
        "--encoding",
        "binary",
        "--requests",
        "30",
        "--warmup",
        "0",
        "--repetitions",
        "1",
      ],
    ]);
    expect(ended.code, ended.stderr + ended.stdout).toBe(0);
    const [row] = readCsv(join(ended.stdout.trimEnd().split("\n").at(-1) ?? "", "summary.csv"));
    expect(row).toMatchObject({
      ok: "30",
      verdict: "VALID",
      protocol_version: "5",
      qos: "1",
      target: "managed",
    });
    expect(row?.["stage_broker_mean_ms"]).toBe("");
    expect(row?.["broker_cpu_ms_per_request"]).toBe("");
    expect(Number(row?.["stage_uplink_mean_ms"])).toBeGreaterThan(0);
  });
});
