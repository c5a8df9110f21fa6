import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import net from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT, run, temporaryFolder } from "./wirebench.ts";

const SAMPLE = join(ROOT, "rosbag-samples/street.bag");

describe("bad input is one clear line and exit code 2", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const path = (name: string): string => join(folder.path, name);
  beforeAll(async () => {
    folder = await temporaryFolder();
    const bytes = await readFile(SAMPLE);
    await writeFile(path("truncated.bag"), bytes.subarray(0, bytes.length / 2));
    await writeFile(path("noise.onnx"), bytes.subarray(5_000, 25_000));
    await writeFile(path("text.bag"), "this is no bag");
    await writeFile(path("broken.jpg"), Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]));
    await mkdir(path("empty"));
    await writeFile(
      path("three.config.ts"),
      "export default { transport: ['http', 'pigeon'], concurrency: 0, durration: '3s' };\n",
    );
    await writeFile(path("syntax.config.ts"), "export default {{\n");
    await copyFile(SAMPLE, path("street.bag"));
  });
  afterAll(() => folder.remove());

  const cases: readonly (readonly [
    what: string,
    args: (p: typeof path) => readonly string[],
    says: RegExp,
  ])[] = [
    ["a truncated bag", (p) => ["--input", p("truncated.bag")], /truncated\.bag.*truncated/],
    ["a file that is no bag", (p) => ["--input", p("text.bag")], /text\.bag/],
    ["a missing file", (p) => ["--input", p("none.bag")], /none\.bag.*no such file/],
    ["a corrupt image", (p) => ["--input", p("broken.jpg")], /broken\.jpg/],
    ["an empty folder", (p) => ["--input", p("empty")], /empty/],
    ["an unknown topic", () => ["--topic", "/no/such"], /\/no\/such.*\/camera\/image_raw/],
    ["an unknown model", () => ["--model", "m1-smal"], /unknown model 'm1-smal'.*m1-small/],
    ["an unknown option", () => ["--transprt", "http"], /unknown option '--transprt'/],
    ["an unknown transport", () => ["--transport", "pigeon"], /--transport.*expected one of.*'pigeon'/],
    [
      "an impossible combination",
      () => ["--transport", "grpc", "--encoding", "json,binary"],
      /--encoding: 'json' ends up in no cell/,
    ],
    ["a non-finite rate", () => ["--scenario", "open-loop", "--rate", "1e999"], /--rate.*finite.*Infinity/],
    ["a negative duration", () => ["--duration", "-3s"], /--duration.*'-3s'/],
    [
      "a broker that is down",
      () => ["--transport", "mqtt", "--broker", "mqtt://127.0.0.1:9"],
      /127\.0\.0\.1:9/,
    ],
    ["a config that is missing", (p) => ["--config", p("none.ts")], /none\.ts/],
    ["a config with a syntax error", (p) => ["--config", p("syntax.config.ts")], /syntax\.config\.ts/],
    ["a GPU that is not there", () => ["--model", "m1-small", "--device", "gpu"], /gpu/i],
    ["a recipe that is missing", (p) => ["--recipe", p("none.json")], /none\.json/],
  ];
  it.each(cases)("%s", async (_what, args, says) => {
    const ended = await run([
      "bench",
      "--transport",
      "local",
      "--quick",
      "--out",
      path("out"),
      ...args(path),
    ]);
    expect(ended.code, ended.stderr).toBe(2);
    const lines = ended.stderr.split("\n").filter((line) => line.startsWith("wirebench: "));
    expect(lines.join("\n")).toMatch(says);
    expect(lines).toHaveLength(1);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
  });

  it("names all three mistakes of a configuration", async () => {
    const ended = await run(["bench", "--config", path("three.config.ts"), "--dry-run"]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/transport\[1\].*'pigeon'/);
    expect(ended.stderr).toMatch(/concurrency.*got 0/);
    expect(ended.stderr).toMatch(/durration: unknown option/);
  });

  it("says that a model file is no ONNX, and adds nothing", async () => {
    const repository = path("models");
    const ended = await run(["models", "add", path("noise.onnx"), "--repository", repository]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/^wirebench: .*noise\.onnx.*\n$/);
    const listed = await run(["models", "--repository", repository]);
    expect(listed.stdout).not.toContain("noise");
  });

  it("says that a port is in use", async () => {
    const blocker = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => blocker.once("listening", resolve));
    const address = blocker.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    for (const [transport, flag] of [
      ["http", "--http-port"],
      ["grpc", "--grpc-port"],
      ["mqtt", "--mqtt-port"],
    ] as const) {
      const ended = await run(["serve", "--transport", transport, "--model", "null", flag, `${port}`]);
      expect(ended.code, ended.stderr).toBe(2);
      expect(ended.stderr).toMatch(new RegExp(`^wirebench: .*${port}.*in use.*\n$`));
    }
    blocker.close();
  });
});
