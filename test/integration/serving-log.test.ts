import { mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ANY_PORT, inputs, post, serve, until, workersOf } from "./serving-process.ts";
import { run, start } from "./wirebench.ts";

describe("the request log", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "wirebench-test-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("has a line for each request, of every worker, and goes on in a new file after SIGHUP", async () => {
    const path = join(folder, "requests.jsonl");
    const server = await serve("--model", "null", "--workers", "2", "--access-log", path);
    for (let i = 0; i < 20; i++) await post(`${server.http}/v2/models/null/infer`, { id: `r${i}`, inputs });
    await post(`${server.http}/v2/models/none/infer`, { inputs });
    const linesOf = async (file: string): Promise<readonly Readonly<Record<string, unknown>>[]> => {
      const text = await readFile(file, "utf8").catch(() => "");
      const lines = text.split("\n").filter((line) => line !== "");
      return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    };
    const lines = await until(async () => {
      const found = await linesOf(path);
      return found.length >= 21 ? found : undefined;
    });
    expect(lines).toHaveLength(21);
    expect(new Set(lines.map((line) => line["id"]))).toEqual(
      new Set(["", ...Array.from({ length: 20 }, (_, i) => `r${i}`)]),
    );
    expect(lines.find((line) => line["id"] === "r3")).toMatchObject({
      transport: "http",
      model: "null",
      version: "1",
      status: "OK",
      client: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      infer_ms: expect.any(Number),
    });
    expect(lines.find((line) => line["model"] === "none")).toMatchObject({ status: "NOT_FOUND" });
    const workers = workersOf(server);
    await rename(path, `${path}.1`);
    server.child.kill("SIGHUP");
    // A terminal's hang-up, or a signal to the whole group, reaches the workers, too.
    for (const pid of workers) process.kill(pid, "SIGHUP");
    await until(() => readFile(path).catch(() => undefined));
    await post(`${server.http}/v2/models/null/infer`, { id: "last", inputs });
    server.child.kill("SIGTERM");
    const ended = await server.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).not.toContain("was killed");
    expect((await linesOf(path)).map((line) => line["id"])).toEqual(["last"]);
  });

  it("to standard output leaves nothing else there", async () => {
    const server = start(["serve", ...ANY_PORT, "--model", "null", "--access-log", "-"]);
    await server.wrote("Ctrl-C ends");
    server.child.kill("SIGTERM");
    const ended = await server.ended;
    expect(ended.stdout).toBe("");
    expect(ended.stderr).toMatch(/http:\/\/127/);
  });
});

describe("what serve refuses before it begins, in one line and with exit code 2", () => {
  const cases: readonly (readonly [what: string, args: readonly string[], line: RegExp])[] = [
    ["no model of that name", ["--model", "nope"], /^wirebench: unknown model 'nope'/],
    [
      "a log that cannot be written",
      ["--access-log", "/no/such/folder/x"],
      /^wirebench: --access-log: cannot write/,
    ],
    [
      "an empty repository",
      ["--model-repository", "test/integration/serving"],
      /^wirebench: --model-repository: no models in/,
    ],
    [
      "an address of another machine",
      ["--host", "192.0.2.1"],
      /^wirebench: cannot listen on 192\.0\.2\.1:\d+: no such address/,
    ],
  ];
  for (const [what, args, line] of cases) {
    it(what, async () => {
      const ended = await run(["serve", ...ANY_PORT, ...args]);
      expect(ended.code).toBe(2);
      expect(ended.stderr.trim().split("\n")).toEqual([expect.stringMatching(line)]);
      expect(ended.stdout).toBe("");
    });
  }

  it("a port that is in use", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    const port = typeof address === "object" && address !== null ? String(address.port) : "";
    const ended = await run(["serve", "--model", "null", "--http-port", port, "--grpc-port", "0"]);
    await new Promise((resolve) => other.close(resolve));
    expect(ended.code).toBe(2);
    expect(ended.stderr.trim()).toBe(`wirebench: cannot listen on 127.0.0.1:${port}: address already in use`);
  });
});
