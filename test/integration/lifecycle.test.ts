import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { childrenOf, isAlive, ROOT, readCsv, run, start, temporaryFolder } from "./wirebench.ts";

const NULL_RUN = ["--model", "null", "--input", "synthetic", "--encoding", "binary", "--warmup", "0"];

async function until<T>(look: () => T | undefined): Promise<T> {
  for (let tries = 0; tries < 500; tries++) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("what was waited for did not come");
}

/** No process id would be the whole group, this process included. */
function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) throw new Error("there is no such process");
  process.kill(pid, name);
}

describe("processes", () => {
  let out: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    out = await temporaryFolder();
  });
  afterAll(() => out.remove());

  it("fails the cell whose server is killed, with its counts, and goes on with the others", async () => {
    const bench = start([
      ...["bench", "--out", out.path, "--transport", "http,grpc,mqtt", ...NULL_RUN],
      ...["--repetitions", "1", "--duration", "5s"],
    ]);
    const generator = await until(() =>
      childrenOf(bench.child.pid).find(({ entry }) => entry.endsWith("processes/generator.js")),
    );
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const server = childrenOf(bench.child.pid).find(({ entry }) => entry.endsWith("processes/server.js"));
    expect(isAlive(generator.pid)).toBe(true);
    signal(server?.pid, "SIGKILL");
    const ended = await bench.ended;
    expect(ended.code, ended.stderr).toBe(1);
    const rows = readCsv(join(ended.stdout.trimEnd().split("\n").at(-1) ?? "", "summary.csv"));
    expect(rows.map((row) => row["transport"])).toEqual(["http", "grpc", "mqtt"]);
    // Of the others' times a busy machine may say that they drifted.
    expect(rows.filter((row) => row["verdict"] === "FAILED")).toHaveLength(1);
    for (const row of rows) expect(Number(row["ok"])).toBeGreaterThan(0);
    const failed = rows.find((row) => row["verdict"] === "FAILED") ?? {};
    expect(failed["verdict_reasons"]).toMatch(/server process was killed \(SIGKILL\)/);
  });

  it("ends cleanly on Ctrl-C, keeps what was measured and leaves no process behind", async () => {
    const bench = start([
      ...["bench", "--out", out.path, "--transport", "mqtt", ...NULL_RUN],
      ...["--repetitions", "50", "--duration", "300ms"],
    ]);
    await bench.wrote("[2/50]");
    const children = await until(() => {
      const found = childrenOf(bench.child.pid);
      return found.length >= 2 ? found : undefined;
    });
    // A terminal signals the whole group, and npm once more: twice within half a second.
    for (const { pid } of [...children, { pid: bench.child.pid ?? 0 }]) process.kill(pid, "SIGINT");
    process.kill(bench.child.pid ?? 0, "SIGINT");
    const ended = await bench.ended;
    expect(ended.code).toBe(130);
    expect(ended.stdout).toMatch(/Partial/);
    const folder = ended.stdout.trimEnd().split("\n").at(-1) ?? "";
    expect(existsSync(join(folder, "report.json"))).toBe(true);
    const [row = {}] = readCsv(join(folder, "summary.csv"));
    expect(Number(row["repetitions"])).toBeGreaterThanOrEqual(2);
    for (const { pid } of children) await until(() => (isAlive(pid) ? undefined : true));
  });

  it("keeps of the run in hand what was measured until Ctrl-C, as what it is", async () => {
    const bench = start([
      ...["bench", "--out", out.path, "--transport", "grpc", ...NULL_RUN],
      ...["--repetitions", "1", "--duration", "60s", "--generators", "2", "--concurrency", "2"],
    ]);
    await until(() => {
      const found = childrenOf(bench.child.pid).filter(({ entry }) =>
        entry.endsWith("processes/generator.js"),
      );
      return found.length === 2 ? true : undefined;
    });
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    bench.child.kill("SIGINT");
    const ended = await bench.ended;
    expect(ended.code, ended.stderr).toBe(130);
    expect(ended.stdout).toContain("Partial: 0 of 1 runs.");
    const [row = {}] = readCsv(join(ended.stdout.trimEnd().split("\n").at(-1) ?? "", "summary.csv"));
    expect(row["verdict"]).toBe("FAILED");
    expect(row["verdict_reasons"]).toBe("interrupted");
    expect(Number(row["ok"])).toBeGreaterThan(0);
    // What the end of the run cancelled is no failure of the server.
    expect(row["failed"]).toBe("0");
  });

  it("fails the cell of which a generator is killed, with what the other measured", async () => {
    const bench = start([
      ...["bench", "--out", out.path, "--transport", "http", ...NULL_RUN],
      ...["--repetitions", "1", "--duration", "60s", "--generators", "2", "--concurrency", "2"],
    ]);
    const generators = await until(() => {
      const found = childrenOf(bench.child.pid).filter(({ entry }) =>
        entry.endsWith("processes/generator.js"),
      );
      return found.length === 2 ? found : undefined;
    });
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    signal(generators[0]?.pid, "SIGKILL");
    const ended = await bench.ended;
    expect(ended.code, ended.stderr).toBe(1);
    const [row = {}] = readCsv(join(ended.stdout.trimEnd().split("\n").at(-1) ?? "", "summary.csv"));
    expect(row["verdict_reasons"]).toMatch(/killed \(SIGKILL\); counted is what 1 of 2 generators measured/);
    expect(Number(row["ok"])).toBeGreaterThan(0);
  });

  it("ends on Ctrl-C although a server does not answer", async () => {
    const bench = start([
      ...["bench", "--out", out.path, "--transport", "http", ...NULL_RUN],
      ...["--repetitions", "1", "--duration", "60s"],
    ]);
    await until(() => childrenOf(bench.child.pid).find(({ entry }) => entry.endsWith("generator.js")));
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const server = childrenOf(bench.child.pid).find(({ entry }) => entry.endsWith("processes/server.js"));
    signal(server?.pid, "SIGSTOP");
    bench.child.kill("SIGINT");
    expect((await bench.ended).code).toBe(130);
    expect(isAlive(server?.pid ?? 0)).toBe(false);
  }, 60_000);

  it("sends a schedule of one request from two generators, and ends", async () => {
    const ended = await run([
      ...["bench", "--out", out.path, "--transport", "http", ...NULL_RUN, "--scenario", "open-loop"],
      ...["--rate", "1", "--duration", "1s", "--generators", "2", "--repetitions", "1"],
    ]);
    const [row = {}] = readCsv(join(ended.stdout.trimEnd().split("\n").at(-1) ?? "", "summary.csv"));
    expect(row["ok"], ended.stderr).toBe("1");
  });

  it("leaves no process behind when it is killed itself", async () => {
    const bench = start([
      ...["bench", "--out", out.path, "--transport", "mqtt", ...NULL_RUN],
      ...["--repetitions", "1", "--duration", "30s"],
    ]);
    const children = await until(() => {
      const found = childrenOf(bench.child.pid);
      return found.length === 3 ? found : undefined;
    });
    process.kill(bench.child.pid ?? 0, "SIGKILL");
    await bench.ended;
    for (const { pid } of children) await until(() => (isAlive(pid) ? undefined : true));
  });

  it("serves over every transport until it is told to end", async () => {
    const serve = start([
      ...["serve", "--transport", "http,grpc,mqtt", "--model", "identity,null"],
      ...["--http-port", "0", "--grpc-port", "0", "--mqtt-port", "0"],
    ]);
    await serve.wrote("Ctrl-C ends");
    const children = childrenOf(serve.child.pid);
    expect(children).toHaveLength(2);
    serve.child.kill("SIGINT");
    const ended = await serve.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stdout).toMatch(/^http:\/\/127.*\ngrpc:\/\/127.*\nmqtt:\/\/127.*\n$/);
    for (const { pid } of children) expect(isAlive(pid)).toBe(false);
  });

  it("benches a server elsewhere, over each scheme", async () => {
    const serve = start([
      ...["serve", "--transport", "http,grpc,mqtt", "--model", "identity"],
      ...["--http-port", "0", "--grpc-port", "0", "--mqtt-port", "0"],
    ]);
    await serve.wrote("Ctrl-C ends");
    const urls = serve.stdout().trim().split("\n");
    expect(urls).toHaveLength(3);
    for (const url of urls) {
      const ended = await run([
        ...["bench", "--out", out.path, "--url", url, "--model", "identity", "--input", "synthetic"],
        ...["--encoding", "binary", "--requests", "10", "--warmup", "0", "--repetitions", "1"],
      ]);
      expect(ended.code, ended.stderr + ended.stdout).toBe(0);
      const [row = {}] = readCsv(join(ended.stdout.trimEnd().split("\n").at(-1) ?? "", "summary.csv"));
      expect(row).toMatchObject({
        target: url,
        ok: "10",
        device: "",
        link: "loopback",
        answer_check: "identical",
      });
    }
    serve.child.kill("SIGINT");
    await serve.ended;
  });
});

it("says nothing when the reader of its output has gone", async () => {
  const { stdout, stderr } = await promisify(execFile)("bash", [
    "-c",
    `'${process.execPath}' '${join(ROOT, "dist/cli/main.js")}' bench --help | head -n 1`,
  ]);
  expect([stdout, stderr]).toEqual(["Usage: wirebench bench [options]\n", ""]);
});
