import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PeakReport } from "../../src/reporting/peak/peak-report.ts";
import { readCsv, run, start, temporaryFolder } from "./wirebench.ts";

/** One worker that takes 10 ms a request: nothing above 100 per second can be held. */
const SYSTEM = ["--model", "delay-10ms", "--input", "synthetic", "--encoding", "binary", "--tuning", "tuned"];
const SHORT = ["--probe-duration", "400ms", "--duration", "500ms", "--repetitions", "1", "--warmup", "100ms"];

describe("peak", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
  });
  afterAll(() => folder.remove());

  const reportIn = (out: string): PeakReport => {
    const [name = ""] = readdirSync(join(folder.path, out));
    expect(name).toMatch(/^\d{8}T\d{6}Z-peak$/);
    return JSON.parse(readFileSync(join(folder.path, out, name, "peak.json"), "utf8")) as PeakReport;
  };

  it("searches each cell and writes the curve", async () => {
    const { code, stdout, stderr } = await run([
      ...["peak", "--slo", "p50=40ms", "--transport", "local,http", ...SYSTEM, ...SHORT],
      ...[
        "--no-curve",
        "--max-probes",
        "4",
        "--arrivals",
        "constant",
        "--seed",
        "7",
        "--out",
        join(folder.path, "two"),
      ],
    ]);
    const report = reportIn("two");
    expect(report).toMatchObject({ state: "complete", plannedCells: 2, objective: "p50=40ms" });
    expect(report.seeds).toEqual({ schedulesAndOrder: 7, syntheticFrames: 1 });
    expect(report.cells.map(({ key }) => key.transport)).toEqual(["local", "http"]);
    for (const cell of report.cells) {
      expect(cell.points.length).toBeGreaterThan(0);
      expect(cell.key.ratePerSec).toBeUndefined();
      const { ratePerSec: highest = 0 } =
        cell.points.toSorted((a, b) => b.ratePerSec - a.ratePerSec)[0] ?? {};
      expect(highest).toBeGreaterThan(1);
      for (const { held, ratePerSec } of cell.points) if (ratePerSec > 115) expect(held).toBe(false);
    }
    const allConfirmed = report.cells.every(({ state }) => state === "confirmed");
    expect(code).toBe(allConfirmed ? 0 : 1);
    expect(stdout).toMatch(/Highest rate that holds p50=40ms/);
    expect(stdout).toMatch(/Curve of http/);
    expect(stderr).toMatch(/2 cells, each up to 4 probes/);
    const [name = ""] = readdirSync(join(folder.path, "two"));
    const rows = readCsv(join(folder.path, "two", name, "peak.csv"));
    expect(rows).toHaveLength(report.cells.flatMap(({ points }) => points).length);
    for (const row of rows) expect(Number(row["rate_per_sec"])).toBeGreaterThan(0);
  });

  it("says in a plain word that no rate holds, and exits with 1", async () => {
    const { code, stdout } = await run([
      ...["peak", "--slo", "p50=5ms", "--transport", "local", ...SYSTEM, ...SHORT],
      ...["--start-rate", "20", "--out", join(folder.path, "none")],
    ]);
    expect(code).toBe(1);
    const [cell] = reportIn("none").cells;
    // On a machine that is busy with other things the generator is late at any rate, and then nothing else is said.
    expect(["none", "failed"]).toContain(cell?.state);
    const says =
      cell?.state === "none" ? "No rate holds the objective: at" : "Nothing can be said about the server";
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(says);
    expect(cell?.peakPerSec).toBeUndefined();
  });

  it("keeps the curve measured so far when it is interrupted", async () => {
    const running = start([
      ...["peak", "--slo", "p99=1s", "--transport", "local", ...SYSTEM, "--probe-duration", "400ms"],
      ...[
        "--warmup",
        "100ms",
        "--start-rate",
        "20",
        "--duration",
        "60s",
        "--out",
        join(folder.path, "ctrl-c"),
      ],
    ]);
    await running.wrote("local binary: 20 per second");
    running.child.kill("SIGINT");
    const { code, stdout } = await running.ended;
    expect(code).toBe(130);
    const report = reportIn("ctrl-c");
    expect(report.state).toBe("interrupted");
    expect(report.cells[0]).toMatchObject({ state: "interrupted" });
    expect(report.cells[0]?.points[0]?.ratePerSec).toBe(20);
    expect(stdout.replaceAll(/\s+/g, " ")).toMatch(
      /Interrupted(; the highest rate that held so far is \d+ per second| before any rate held)/,
    );
  });

  it.each([
    ["no objective", [], /--slo: expected an objective, such as --slo p99=50ms/],
    ["an objective that is none", ["--slo", "fast"], /--slo: expected p99=50ms.*'fast'/],
    ["an objective without a unit", ["--slo", "p99=50"], /--slo: 'p99=50': expected a time with its unit/],
    ["goodput without a deadline", ["--slo", "goodput=99%"], /--slo:.*--deadline/],
    ["a rate", ["--slo", "p99=5ms", "--rate", "10"], /--rate: is what is searched/],
    ["a closed loop", ["--slo", "p99=5ms", "--scenario", "closed-loop"], /--scenario:.*open-loop only/],
    ["a ramp", ["--slo", "p99=5ms", "--arrivals", "ramp"], /--arrivals: ramp has no one rate/],
    ["--quick", ["--slo", "p99=5ms", "--quick"], /--quick: measures nothing/],
    [
      "a resolution of nothing",
      ["--slo", "p99=5ms", "--resolution", "0"],
      /--resolution: expected 0\.5% to 50%/,
    ],
    ["no probes", ["--slo", "p99=5ms", "--max-probes", "0"], /--max-probes: expected a whole number from 3/],
    [
      "a start at nothing",
      ["--slo", "p99=5ms", "--start-rate", "NaN"],
      /--start-rate: expected a rate above 0/,
    ],
    [
      "a probe without time",
      ["--slo", "p99=5ms", "--probe-duration", "-1s"],
      /--probe-duration: expected a duration/,
    ],
  ])("%s is one clear line and exit code 2", async (_what, args, says) => {
    const { code, stdout, stderr } = await run(["peak", ...args, ...SYSTEM]);
    expect(stderr).toMatch(says);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});
