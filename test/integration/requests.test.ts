import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderOf, readCsv, run, start, temporaryFolder } from "./wirebench.ts";

const NULL = ["--model", "null", "--input", "synthetic", "--encoding", "binary"];
const SHORT = ["--warmup", "200ms", "--repetitions", "1"];

type Row = Readonly<Record<string, string>>;

/** The requests that a bench saved; no value of this test's cells holds a comma. */
function requestsOf(folder: string): readonly Row[] {
  const text = gunzipSync(readFileSync(join(folder, "requests.csv.gz"))).toString();
  const [head = "", ...lines] = text.trimEnd().split("\n");
  const columns = head.split(",");
  return lines.map((line) => {
    const values = line.split(",");
    return Object.fromEntries(columns.map((column, index) => [column, values[index] ?? ""]));
  });
}

interface Event {
  readonly ph: string;
  readonly ts: number;
  readonly pid: number;
  readonly tid: number;
  readonly name?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

describe("requests of a bench", () => {
  let out: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    out = await temporaryFolder();
  });
  afterAll(() => out.remove());

  const bench = (...args: string[]) => run(["bench", "--out", out.path, ...NULL, ...SHORT, ...args]);

  it("are saved one by one, traced and drawn, from two generators that share a schedule", async () => {
    const ended = await bench(
      ...["--transport", "http,mqtt", "--generators", "2", "--scenario", "open-loop", "--rate", "150"],
      ...["--arrivals", "poisson", "--duration", "1s", "--seed", "4", "--save-requests", "--waterfall"],
    );
    expect(ended.stderr).not.toContain("wirebench:");
    const folder = folderOf(ended);
    const requests = requestsOf(folder);
    const cells = readCsv(join(folder, "summary.csv"));
    expect(cells).toHaveLength(2);
    for (const cell of cells) {
      const own = requests.filter((row) => row["cell"] === cell["cell"]);
      expect(String(own.length)).toBe(cell["requests"]);
      expect(own.map((row) => row["seq"])).toEqual(own.map((_, seq) => String(seq)));
      const intended = own.map((row) => Number(row["intended_ns"]));
      expect(intended).toEqual(intended.toSorted((a, b) => a - b));
      // The schedule is dealt out one by one, and each request keeps its frame.
      expect(own.map((row) => row["generator"])).toEqual(own.map((_, seq) => String(seq % 2)));
      const frames = new Set(own.map((row) => row["frame"])).size;
      expect(own.map((row) => row["frame"])).toEqual(own.map((_, seq) => String(seq % frames)));
      expect(new Set(own.map((row) => row["id"])).size).toBe(own.length);
      const clients = own.map((row) => row["client"]).filter((client) => client !== "");
      expect(new Set(clients).size).toBeGreaterThan(8);
    }
    // The seed's schedule is one, whoever sends it.
    const [first = [], second = []] = cells.map((cell) =>
      requests.filter((row) => row["cell"] === cell["cell"]).map((row) => row["intended_ns"]),
    );
    expect(first).toEqual(second);
    const brokered = requests.filter((row) => row["stage_broker_ns"] !== "");
    expect(brokered.length).toBeGreaterThan(100);

    const { traceEvents } = JSON.parse(readFileSync(join(folder, "trace.json"), "utf8")) as {
      traceEvents: Event[];
    };
    const names = traceEvents.filter(({ ph, name }) => ph === "M" && name === "process_name");
    const processes = names.map(({ args }) => String(args?.["name"]).split(":")[0]).toSorted();
    expect(processes).toEqual(["broker", "client", "client", "server", "server"]);
    expect(traceEvents.filter(({ ph }) => ph === "B")).toHaveLength(
      traceEvents.filter(({ ph }) => ph === "E").length,
    );

    expect(ended.stdout).toMatch(/^broker +broker +[\d.]+ +\++/m);
    for (const line of ended.stdout.split("\n").slice(0, -2)) expect(line.length).toBeLessThanOrEqual(120);
    const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8")) as {
      cells: { runs: { notes: string[] }[] }[];
    };
    expect(report.cells[0]?.runs[0]?.notes.join("\n")).toMatch(/load from 2 generator processes/);
    expect(report.cells[0]?.runs[0]?.notes.join("\n")).toMatch(/recording took \d+ bytes/);
  });

  it("beyond the limit are counted, and the report says so", async () => {
    const ended = await bench(
      ...["--transport", "http", "--requests", "60", "--max-recorded", "20", "--save-requests"],
    );
    expect(ended.code, ended.stderr).toBe(0);
    const [row = {}] = readCsv(join(folderOf(ended), "summary.csv"));
    expect(row).toMatchObject({ requests: "60", ok: "60" });
    expect(Number(row["service_p90_ms"])).toBeGreaterThan(0);
    expect(requestsOf(folderOf(ended))).toHaveLength(20);
    expect(readFileSync(join(folderOf(ended), "report.json"), "utf8")).toContain(
      "20 of 60 requests were recorded one by one",
    );
  });

  it("of a closed loop are dealt out, too", async () => {
    const ended = await bench(
      ...[
        "--transport",
        "grpc",
        "--generators",
        "2",
        "--concurrency",
        "3",
        "--requests",
        "31",
        "--save-requests",
      ],
    );
    expect(ended.code, ended.stderr).toBe(0);
    const [row = {}] = readCsv(join(folderOf(ended), "summary.csv"));
    expect(row).toMatchObject({ requests: "31", ok: "31", concurrency: "3", connections: "3" });
    const generators = requestsOf(folderOf(ended)).map((request) => request["generator"]);
    expect(generators.filter((generator) => generator === "0")).toHaveLength(16);
  });

  it("cannot be shared by more generators than there is load, which is one line", async () => {
    const ended = await bench("--transport", "http", "--generators", "3", "--concurrency", "2");
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(
      /^wirebench: --generators: 3 generators need at least as many --connections, there are 2$/m,
    );
  });

  it("of generators that loaded one server at the same time are merged", async () => {
    const server = start(["serve", "--transport", "http", "--model", "null", "--http-port", "0"]);
    await server.wrote("Ctrl-C ends");
    const url = /http:\/\/\S+/.exec(server.stdout())?.[0] ?? "";
    const machine = (name: string, rate: string) =>
      run([
        ...["bench", "--url", url, ...NULL, "--scenario", "open-loop", "--rate", rate, "--duration", "3s"],
        ...["--warmup", "200ms", "--repetitions", "1", "--name", name, "--out", out.path],
      ]);
    const [a, b] = await Promise.all([machine("a", "40"), machine("b", "40")]);
    const merged = await run(["merge", folderOf(a), folderOf(b), "--out", out.path]);
    expect(merged.stderr).toBe("");
    const [row = {}] = readCsv(join(folderOf(merged), "summary.csv"));
    expect(row).toMatchObject({ requests: "240", rate_per_sec: "80", connections: "32", target: url });
    const rows = [a, b].flatMap((ended) => readCsv(join(folderOf(ended), "summary.csv")));
    const sum = rows.reduce((total, one) => total + Number(one["throughput_per_sec"]), 0);
    expect(Number(row["throughput_per_sec"])).toBeCloseTo(sum, 3);
    expect(readCsv(join(folderOf(merged), "runs.csv"))).toHaveLength(1);

    const unlike = await machine("c", "50");
    const refused = await run(["merge", folderOf(a), folderOf(unlike), "--out", out.path]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/^wirebench: .*rate_per_sec '50' where .* has '40'\n$/);
    server.child.kill("SIGTERM");
    await server.ended;
  });

  it.each<readonly [string, readonly string[], RegExp]>([
    ["one folder", ["results"], /at least two generators/],
    ["a folder that is not there", ["/nowhere/a", "/nowhere/b"], /\/nowhere\/a.*cannot read the report/],
  ])("%s cannot be merged", async (_what, folders, words) => {
    const ended = await run(["merge", ...folders]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(words);
    expect(ended.stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});
