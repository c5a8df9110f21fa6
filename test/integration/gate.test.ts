import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT, temporaryFolder } from "./wirebench.ts";

const SHORT = ["--transport", "local", "--encoding", "binary", "--model", "null", "--input", "synthetic"];
const RUNS = [...SHORT, "--duration", "150ms", "--warmup", "0", "--blocks", "2"];

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A clone of the project with this build, so that commits can be made without touching the working tree. */
describe.skipIf(!existsSync(join(ROOT, ".git")))("gate (needs a git checkout)", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let clone: string;
  const git = (...args: readonly string[]): string =>
    execFileSync("git", ["-C", clone, "-c", "user.name=t", "-c", "user.email=t@t", ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  /** A commit whose build is this line of shell; its branch has the name. */
  const commitBuild = (name: string, build: string): void => {
    git("checkout", "-q", "-b", name, "start");
    const parsed = JSON.parse(readFileSync(join(clone, "package.json"), "utf8"));
    parsed.scripts.build = build;
    writeFileSync(join(clone, "package.json"), JSON.stringify(parsed));
    git("commit", "-q", "-a", "-m", name);
    git("checkout", "-q", "start");
  };
  const start = (args: readonly string[], onStderr: (text: string, kill: () => void) => void = () => {}) => {
    const child = spawn(process.execPath, [join(clone, "dist/cli/main.js"), "gate", ...args], {
      cwd: clone,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      onStderr(stderr, () => child.kill("SIGINT"));
    });
    return new Promise<Ended>((resolve) => {
      child.on("close", (code) => resolve({ code, stdout, stderr }));
    });
  };
  /** No worktree and no temporary folder of a gate that this test started is left. */
  const expectTidy = (): void => {
    expect(git("worktree", "list").trim().split("\n")).toHaveLength(1);
    const left = readdirSync(tmpdir())
      .filter((name) => name.startsWith("wirebench-gate-"))
      .filter((name) => existsSync(join(tmpdir(), name, "checkout", ".git")))
      .filter((name) => readFileSync(join(tmpdir(), name, "checkout", ".git"), "utf8").includes(clone));
    expect(left).toEqual([]);
  };
  const gateJson = (ended: Ended) => {
    const results = ended.stdout.trim().split("\n").at(-1) ?? "";
    return { results, json: JSON.parse(readFileSync(join(results, "gate.json"), "utf8")) };
  };

  beforeAll(async () => {
    folder = await temporaryFolder();
    clone = join(folder.path, "clone");
    execFileSync("git", ["clone", "-q", "--no-hardlinks", ROOT, clone], { stdio: "ignore" });
    // The working tree's own files, where they matter: what is tested need not be committed yet.
    for (const name of ["package.json", "package-lock.json", "bench.config.ts"]) {
      cpSync(join(ROOT, name), join(clone, name));
    }
    cpSync(join(ROOT, "dist"), join(clone, "dist"), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(clone, "node_modules"));
    git("checkout", "-q", "-b", "start");
    git("commit", "-q", "-a", "--allow-empty", "-m", "start");
    commitBuild("copied", `cp -r '${join(clone, "dist")}' dist`);
    commitBuild("broken", "echo 'src/core/cell.ts(1,1): error TS1005: broken' && exit 2");
    commitBuild("slow", "echo begun && sleep 60");
  });
  afterAll(() => folder.remove());

  it("checks out and builds a ref, runs A B B A blocks, and writes text, Markdown and JSON", async () => {
    const ended = await start(["--base", "copied", ...RUNS, "--seed", "7", "--out", "out"]);
    expect([0, 1, 2], ended.stderr).toContain(ended.code);
    const { results, json } = gateJson(ended);
    expect(json).toMatchObject({ kind: "gate", state: "complete", exitCode: ended.code, seed: 7 });
    expect(json.runs.map(({ side }: { side: string }) => side.slice(0, 1)).join("")).toBe("bhhbbhhb");
    expect(json.base).toMatchObject({ name: "copied" });
    expect(json.base.description).toMatch(/commit [0-9a-f]+ copied$/);
    // On a busy machine a run may be INVALID and its pair left out.
    expect(json.comparison.design).toBe("paired");
    expect(json.comparison.rows[0]).toMatchObject({ metric: "p50" });
    // The same seed for both runs of a pair, in processes of their own.
    const seeds = json.runs.map(({ folder: run }: { folder: string }) => {
      const report = JSON.parse(readFileSync(join(results, run, "report.json"), "utf8"));
      return report.configuration.seed;
    });
    expect(seeds).toEqual([7, 7, 8, 8, 9, 9, 10, 10]);
    expect(readFileSync(join(results, "gate.md"), "utf8")).toContain("## wirebench gate: ");
    expect(readFileSync(join(results, "gate.txt"), "utf8")).toContain(json.outcome);
    expectTidy();
  });

  it("a base that does not build: exit code 3 with the build's last lines, and nothing left", async () => {
    const ended = await start(["--base", "broken", ...RUNS, "--out", "out"]);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain("src/core/cell.ts(1,1): error TS1005: broken");
    expect(ended.stderr).toMatch(
      /^wirebench: [0-9a-f]{12} does not build: npm run build ended with code 2$/m,
    );
    expectTidy();
  });

  it("Ctrl-C while the base is being built leaves nothing", async () => {
    let asked = false;
    const ended = await start(["--base", "slow", ...RUNS, "--out", "out"], (stderr, kill) => {
      if (asked || !stderr.includes("building")) return;
      asked = true;
      setTimeout(kill, 500);
    });
    expect(ended.code).toBe(130);
    expectTidy();
  });

  it("Ctrl-C while measuring keeps the runs that are over", async () => {
    let asked = false;
    const ended = await start(["--base", clone, "--head", clone, ...RUNS, "--out", "out"], (stderr, kill) => {
      if (asked || !stderr.includes("run 4 of 4")) return;
      asked = true;
      kill();
    });
    expect(ended.code).toBe(130);
    const { json } = gateJson(ended);
    expect(json.state).toBe("interrupted");
    expect(json.runs).toHaveLength(3);
    expect(ended.stdout).toContain("Partial: not every run was made.");
  });

  it("an option that the base's bench does not know: exit code 3 with its words", async () => {
    const ended = await start(["--base", clone, ...RUNS, "--model", "no-such-model", "--out", "out"]);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toMatch(/^wirebench: the base cannot run this bench: .*no-such-model/m);
  });

  it.each([
    ["no base", [], /--base is required/],
    ["a ref that does not exist", ["--base", "no-such-ref"], /no-such-ref: expected a git ref/],
    ["a folder that is not built", ["--base", "src"], /src: expected a git ref/],
    ["a URL against a checkout", ["--base", "http://127.0.0.1:1"], /running server only/],
    ["another kind of URL", ["--base", "ftp://a", "--head", "ftp://b"], /ftp:\/\/a: expected a URL/],
    [
      "two transports",
      ["--base", "http://127.0.0.1:1", "--head", "grpc://127.0.0.1:2"],
      /name two URLs of one transport/,
    ],
    ["repetitions", ["--base", "copied", "--repetitions", "4"], /--repetitions: every run of a gate is one/],
    ["a wrong transport", ["--base", "copied", "--transport", "pigeon"], /--transport.*'pigeon'/],
    ["an unknown option", ["--base", "copied", "--bloks", "4"], /unknown option '--bloks'/],
  ])("%s is one line and exit code 3", async (_what, args, says) => {
    const ended = await start(args);
    expect(ended.code, ended.stderr).toBe(3);
    const lines = ended.stderr.split("\n").filter((line) => line.startsWith("wirebench: "));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(says);
  });
});
