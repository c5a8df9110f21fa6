import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, readCsv, run, temporaryFolder } from "../wirebench.ts";

type Row = Readonly<Record<string, string>>;

interface Fleet {
  readonly vehicles: readonly { readonly requests: number }[];
  readonly jainIndex: number;
}

function folderOf({ stdout }: Ended): string {
  return stdout.trimEnd().split("\n").at(-1) ?? "";
}

describe("load by schedule", () => {
  let out: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    out = await temporaryFolder();
  });
  afterAll(() => out.remove());

  /** One short run of each cell. */
  async function bench(args: string): Promise<{ readonly rows: readonly Row[]; readonly folder: string }> {
    const common = "--encoding binary --input synthetic --warmup 0 --repetitions 1";
    const ended = await run(["bench", "--out", out.path, ...`${common} ${args}`.split(" ")]);
    expect(ended.stderr + ended.stdout).not.toMatch(/\n\s+at /);
    expect([0, 1], ended.stderr + ended.stdout).toContain(ended.code);
    const folder = folderOf(ended);
    return { rows: readCsv(join(folder, "summary.csv")), folder };
  }

  it("goes on while the server stalls: every request has its row at its time", async () => {
    const { rows } = await bench(
      "--transport http,grpc --model delay-1400ms --scenario open-loop --rate 20 --requests 10 --timeout 1500ms",
    );
    expect(rows).toHaveLength(2);
    for (const row of rows) {
      expect(row).toMatchObject({ requests: "10", ok: "1", timed_out: "9", dropped: "0" });
      // Far below the stall: the schedule never waited for it.
      expect(Number(row["send_lateness_p50_ms"])).toBeLessThan(500);
    }
  });

  it("takes back what has timed out, on every transport: no answer comes late", async () => {
    const { rows } = await bench(
      "--transport http,grpc,local,mqtt --model delay-300ms --scenario open-loop --rate 2 --requests 3 --timeout 150ms",
    );
    expect(rows.map((row) => [row["transport"], row["timed_out"], row["late_answers"]])).toEqual([
      ["http", "3", "0"],
      ["grpc", "3", "0"],
      ["local", "3", "0"],
      ["mqtt", "3", "0"],
    ]);
  });

  it("drops, queues or replaces at the limit", async () => {
    const { rows } = await bench(
      "--transport http --model delay-100ms --scenario open-loop --rate 20 --requests 20 --max-in-flight 1 --when-busy drop-new,queue,newest-wins",
    );
    const [drop = {}, queue = {}, newest = {}] = rows;
    expect(rows.map((row) => row["when_busy"])).toEqual(["drop-new", "queue", "newest-wins"]);
    expect(Number(drop["dropped"])).toBeGreaterThan(5);
    expect(queue).toMatchObject({ dropped: "0", ok: "20" });
    expect(Number(newest["dropped"])).toBeGreaterThan(5);
    const age = (row: Row): number => Number(row["age_p50_ms"]);
    expect(age(queue)).toBeGreaterThan(age(newest));
    for (const row of rows) expect(Number(row["ok"]) + Number(row["dropped"])).toBe(20);
  });

  it("gives each vehicle its own figures, over a connection each or one for all", async () => {
    const { rows, folder } = await bench(
      "--transport grpc --model null --scenario open-loop --rate 20 --requests 60 --vehicles 1,3",
    );
    expect(rows.map((row) => [row["vehicles"], row["connections"], row["ok"]])).toEqual([
      ["1", "per-vehicle", "60"],
      ["3", "per-vehicle", "60"],
    ]);
    const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8")) as {
      readonly cells: readonly { readonly figures: { readonly fleet: Fleet } }[];
    };
    const { vehicles, jainIndex } = report.cells[1]!.figures.fleet;
    expect(vehicles).toHaveLength(3);
    for (const { requests } of vehicles) expect(Math.abs(requests - 20)).toBeLessThanOrEqual(1);
    expect(jainIndex).toBeGreaterThan(0.98);
    const shared = await bench(
      "--transport http --model null --scenario open-loop --rate 20 --requests 20 --vehicles 2 --connections shared",
    );
    expect(shared.rows[0]).toMatchObject({ connections: "shared", vehicles: "2", ok: "20" });
  });

  it("carries out MLPerf's scenarios and names their figure", async () => {
    const { rows } = await bench(
      "--transport http --model null --scenario single-stream,multi-stream,offline,server --samples-per-query 4 --rate 200 --latency-bound 5s --requests 400",
    );
    const reasons = rows.map((row) => row["verdict_reasons"] ?? "");
    expect(rows.map((row) => [row["scenario"], row["ok"]])).toEqual([
      ["single-stream", "400"],
      ["multi-stream", "400"],
      ["offline", "400"],
      ["server", "400"],
    ]);
    expect(reasons[0]).toMatch(/figure of single-stream, p90/);
    expect(reasons[1]).toMatch(/figure of multi-stream, p99 .*\(100 queries\)/);
    expect(reasons[2]).toMatch(/samples per second/);
    expect(reasons[3]).toMatch(/bound of 5000 ms is held/);
  });

  it("follows a file of timestamps, once, and plays it faster", async () => {
    const file = join(out.path, "times.txt");
    await writeFile(file, "100\n100.2\n100.3\n101\n");
    const { rows } = await bench(`--transport local --model null --scenario open-loop --schedule ${file}`);
    expect(rows[0]).toMatchObject({ arrivals: "file:times.txt", requests: "4", rate_per_sec: "3" });
    const fast = await bench(
      `--transport local --model null --scenario open-loop --schedule ${file} --speed 10 --requests 8`,
    );
    expect(fast.rows[0]).toMatchObject({ requests: "8", rate_per_sec: "30" });
  });

  it("follows the camera's own times", async () => {
    const { rows } = await bench(
      "--transport local --model identity --input rosbag-samples/street.bag --scenario open-loop --arrivals recording --speed 2",
    );
    expect(rows[0]).toMatchObject({ arrivals: "recording", requests: "12", ok: "12", rate_per_sec: "20" });
  });
});

describe("a schedule that cannot be is one clear line and exit code 2", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    await writeFile(join(folder.path, "back.txt"), "1\n2\n1.5\n");
    await writeFile(join(folder.path, "nan.txt"), "1\nNaN\n");
    await writeFile(join(folder.path, "empty.txt"), "\n");
  });
  afterAll(() => folder.remove());

  it.each([
    ["a rate of 0", "--rate 0", /--rate: .*above 0.*got 0/],
    ["a rate that is no number", "--rate nan", /--rate: .*'nan'/],
    ["a range that is no sweep", "--rate 5..50", /rate: .*5\.\.50:5/],
    ["a ramp without a range", "--rate 5 --arrivals ramp", /rate: .*5\.\.50/],
    ["times that go backwards", "--schedule back.txt", /back\.txt:3: goes backwards/],
    ["a time that is none", "--schedule nan.txt", /nan\.txt:2: .*'NaN'/],
    ["no times", "--schedule empty.txt", /empty\.txt: has no timestamp/],
    ["a recording that is none", "--arrivals recording", /only a bag says when/],
    ["a connection for each of no vehicles", "--rate 5 --connections per-vehicle", /needs --vehicles/],
  ])("%s", async (_what, args, says) => {
    const given = args.replace("--schedule ", `--schedule ${folder.path}/`);
    const ended = await run([
      "bench",
      "--dry-run",
      ..."--transport local --model null --input synthetic --scenario open-loop".split(" "),
      ...given.split(" "),
    ]);
    expect(ended.code, ended.stderr).toBe(2);
    const lines = ended.stderr.split("\n").filter((line) => line.startsWith("wirebench: "));
    expect(lines.join("\n")).toMatch(says);
    expect(lines).toHaveLength(1);
  });
});
