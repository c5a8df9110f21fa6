import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { STAGES } from "../../src/core/stage.ts";
import { folderOf, ROOT, readCsv, run, temporaryFolder } from "./wirebench.ts";

type Row = Readonly<Record<string, string>>;

const QUICK_RUN = ["--requests", "24", "--warmup", "0", "--repetitions", "1"];

function number(row: Row, column: string): number {
  const text = row[column] ?? "";
  expect(text, column).toMatch(/^-?\d+(\.\d+)?$/);
  return Number(text);
}

/** Stages and unaccounted add up to the service time, by their means. */
function expectClosed(row: Row): void {
  const stages = STAGES.filter((stage) => stage !== "retrieve" && row[`stage_${stage}_mean_ms`] !== "");
  const sum = stages.reduce((total, stage) => total + number(row, `stage_${stage}_mean_ms`), 0);
  const service = number(row, "service_mean_ms");
  expect(Math.abs(sum + number(row, "unaccounted_mean_ms") - service)).toBeLessThan(0.001 + service * 1e-3);
}

describe("bench", () => {
  let out: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    out = await temporaryFolder();
  });
  afterAll(() => out.remove());

  const bench = (...args: string[]) => run(["bench", "--out", out.path, ...args]);

  it("drives every transport and writes rows that add up", async () => {
    const ended = await bench("--model", "identity", "--input", "synthetic", "--size", "70000", ...QUICK_RUN);
    expect(ended.stderr + ended.stdout).not.toMatch(/\n\s+at /);
    expect(ended.code, ended.stderr + ended.stdout).toBe(0);
    const rows = readCsv(join(folderOf(ended), "summary.csv"));
    expect(rows.map((row) => [row["transport"], row["encoding"], row["tuning"]])).toEqual([
      ["local", "binary", "tuned"],
      ["http", "json", "tuned"],
      ["http", "binary", "tuned"],
      ["grpc", "binary", "tuned"],
      ["mqtt", "binary", "tuned"],
    ]);
    for (const row of rows) {
      expect(row).toMatchObject({
        requests: "24",
        ok: "24",
        failed: "0",
        answer_check: "identical",
        clock: "one",
        target: "managed",
      });
      expectClosed(row);
      expect(number(row, "request_payload_bytes")).toBeGreaterThanOrEqual(70_000);
      expect(number(row, "client_cpu_ms_per_request")).toBeGreaterThan(0);
      if (row["transport"] !== "local") expect(number(row, "server_peak_rss_mb")).toBeGreaterThan(10);
    }
    const mqtt = rows.find((row) => row["transport"] === "mqtt") ?? {};
    expect(number(mqtt, "stage_broker_mean_ms")).toBeGreaterThan(0);

    const report: unknown = JSON.parse(readFileSync(join(folderOf(ended), "report.json"), "utf8"));
    const schema = JSON.parse(readFileSync(join(ROOT, "docs/report.schema.json"), "utf8")) as object;
    const validate = new Ajv2020({ formats: { "date-time": true } }).compile(schema);
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    expect(ended.stdout).toContain("not of a network");
    for (const line of ended.stdout.split("\n").slice(0, -2)) expect(line.length).toBeLessThanOrEqual(120);
  });

  it("keeps the schedule of an open loop and counts what it drops", async () => {
    const ended = await bench(
      ...["--transport", "http", "--encoding", "binary", "--model", "delay-50ms", "--input", "synthetic"],
      ...[
        "--scenario",
        "open-loop",
        "--rate",
        "60",
        "--duration",
        "1s",
        "--warmup",
        "0",
        "--repetitions",
        "1",
      ],
      ...["--max-in-flight", "4"],
    );
    expect(ended.code, ended.stderr).toBe(0);
    const [row = {}] = readCsv(join(folderOf(ended), "summary.csv"));
    expect(row).toMatchObject({
      verdict: "OVERLOADED",
      requests: "60",
      rate_per_sec: "60",
      connections: "16",
    });
    expect(number(row, "dropped")).toBeGreaterThan(10);
    expect(number(row, "ok") + number(row, "dropped")).toBe(60);
    expect(row["response_mean_ms"]).toBe("");
    expect(row["censored"]).not.toBe("");
    expect(row["verdict_reasons"]).toMatch(/dropped/);
  });

  it("gives a row per repetition in runs.csv and pools them in summary.csv", async () => {
    const ended = await bench(
      ...["--transport", "grpc", "--model", "null", "--input", "synthetic"],
      ...["--requests", "40", "--warmup", "0", "--repetitions", "2"],
    );
    expect(ended.code, ended.stderr).toBe(0);
    const runs = readCsv(join(folderOf(ended), "runs.csv"));
    expect(runs.map((row) => [row["repetition"], row["ok"]])).toEqual([
      ["1", "40"],
      ["2", "40"],
    ]);
    const [row = {}] = readCsv(join(folderOf(ended), "summary.csv"));
    expect(row).toMatchObject({ verdict: "VALID", repetitions: "2", requests: "80", device: "cpu" });
    expect(number(row, "response_p50_ms")).toBeGreaterThan(0);
    expect(row["response_p99_ms"]).toBe("");
  });

  it("says what is over the payload limit, on every transport", async () => {
    const ended = await bench(
      ...[
        "--model",
        "null",
        "--input",
        "synthetic",
        "--size",
        "50000",
        "--max-payload",
        "20000",
        ...QUICK_RUN,
      ],
    );
    expect(ended.code).toBe(1);
    for (const row of readCsv(join(folderOf(ended), "summary.csv"))) {
      expect(row).toMatchObject({ verdict: "FAILED", ok: "0", failed: "24" });
      expect(row["verdict_reasons"]).toContain("RESOURCE_EXHAUSTED");
      expect(row["verdict_reasons"]).toContain("20000");
    }
  });

  it("prints the cells of a dry run and runs none", async () => {
    const ended = await bench(
      "--dry-run",
      "--model",
      "null",
      "--input",
      "synthetic",
      "--transport",
      "http,mqtt",
    );
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/^http\/json\/server\/null\/cpu\/synthetic/m);
    expect(ended.stdout).toMatch(/^3 cells × 4 repetitions/m);
  });
});
