import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCsv, run, temporaryFolder } from "./wirebench.ts";

const SMALL = ["--model", "null", "--input", "synthetic", "--encoding", "binary", "--warmup", "100ms"];
const SHORT = ["--requests", "30", "--repetitions", "1"];

interface Report {
  readonly environment: {
    readonly calibration: unknown;
    readonly tcp: { readonly congestionControl: string };
  };
  readonly notes: readonly string[];
  readonly cells: readonly {
    readonly key: { readonly transport: string };
    readonly figures: {
      readonly wire?: {
        readonly counted: string;
        readonly requestBytes: number;
        readonly behindBroker?: { readonly requestBytes: number };
      };
    };
    readonly runs: readonly { readonly notes: readonly string[] }[];
  }[];
}

describe("bench with the control of MQTT's broker", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
  });
  afterAll(async () => {
    await folder.remove();
  });

  async function bench(...args: string[]) {
    // Called from there: a calibration in the working tree's own results is not found.
    const line = ["bench", ...SMALL, ...SHORT, "--out", folder.path, ...args];
    const { code, stdout, stderr } = await run(line, folder.path);
    const path = stdout.trim().split("\n").at(-1) ?? "";
    expect(code, stderr).toBe(0);
    const report = JSON.parse(readFileSync(`${path}/report.json`, "utf8")) as Report;
    return { stdout, stderr, report, rows: readCsv(`${path}/summary.csv`) };
  }

  it("--relay adds http-relay with a broker stage and the relay's CPU; links, connections and bytes are said", async () => {
    const { stdout, stderr, report, rows } = await bench(
      "--transport",
      "http,mqtt",
      "--relay",
      "--concurrency",
      "2",
      "--wire-bytes",
      "frames",
    );
    expect(rows.map(({ transport }) => transport)).toEqual(["http", "mqtt", "http-relay"]);
    expect(stderr).not.toMatch(/Warning/);
    for (const row of rows) {
      expect(row["answer_check"]).toBe("identical");
      const hop = row["transport"] !== "http";
      expect(row["stage_broker_mean_ms"] !== "").toBe(hop);
      expect(row["broker_cpu_ms_per_request"] !== "").toBe(hop);
      expect(Number(row["request_wire_bytes"])).toBeGreaterThan(Number(row["request_payload_bytes"]));
      expect(Number(row["request_wire_bytes"])).toBeLessThan(Number(row["request_payload_bytes"]) * 1.4);
    }
    expect(stdout).not.toMatch(/not ranked/);
    expect(stdout).toMatch(/at QoS 0 at most once/);
    for (const { key, figures, runs } of report.cells) {
      expect(figures.wire?.behindBroker !== undefined).toBe(key.transport !== "http");
      const said = runs[0]?.notes.join("\n") ?? "";
      expect(said).toMatch(figures.wire?.counted === "frames" ? /wire bytes: frames/ : /TCP payload/);
      if (said.includes("kernel: ")) expect(said).toMatch(/kernel: 2 TCP connections of the generator/);
    }
    expect(report.environment.calibration).toBeNull();
    expect(report.notes.join("\n")).toMatch(/calibration: none of this machine/);
    expect(report.environment.tcp.congestionControl).toMatch(/^\w+$/);
  });

  it("without it says that MQTT is not ranked; the payload of TCP is counted where that is asked for", async () => {
    const { stdout, report, rows } = await bench("--transport", "http,mqtt", "--wire-bytes", "payload");
    expect(stdout.replaceAll(/\s+/g, " ")).toMatch(/MQTT crosses a broker and is not ranked: --relay adds/);
    for (const { figures } of report.cells) expect(figures.wire?.counted).toBe("tcp-payload");
    for (const row of rows) {
      expect(Number(row["request_wire_bytes"])).toBeGreaterThan(Number(row["request_payload_bytes"]));
    }
  });

  it("--relay with a URL that is not HTTP's is one line and exit 2", async () => {
    const { code, stderr } = await run([
      "bench",
      "--relay",
      "--url",
      "grpc://127.0.0.1:1",
      "--out",
      folder.path,
    ]);
    expect(code).toBe(2);
    expect(stderr.trim()).toBe("wirebench: relay: relays HTTP, and url is grpc://127.0.0.1:1");
  });
});
