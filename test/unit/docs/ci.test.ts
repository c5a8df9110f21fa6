import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { addComparisonOptions } from "../../../src/cli/comparison-options.ts";
import { addGateOptions, parseGateOptions } from "../../../src/cli/gate-options.ts";

const text = readFileSync(new URL("../../../docs/ci.md", import.meta.url), "utf8");

function blocks(language: string): readonly string[] {
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, found, body]) =>
    found === language && body !== undefined ? [body] : [],
  );
}

/** What GitHub's own parser says about a workflow. */
function errorsOf(content: string): readonly string[] {
  const { context } = parseWorkflow({ name: "gate.yml", content }, new NoOperationTraceWriter());
  return context.errors.getErrors().map(({ message }) => message);
}

describe("the workflow in docs/ci.md", () => {
  const [workflow = ""] = blocks("yaml");

  it("is one that GitHub's schema takes", () => {
    expect(blocks("yaml")).toHaveLength(1);
    expect(errorsOf(workflow)).toEqual([]);
  });

  it("is really checked: a key that does not exist is an error", () => {
    expect(errorsOf(workflow.replace("runs-on", "runson")).join()).toContain("runson");
    expect(errorsOf(workflow.replace("github.base_ref", "githb.base_ref")).join()).toContain("githb");
  });

  it("keeps the verdict of a failed gate and needs the base's history", () => {
    expect(workflow).toContain("fetch-depth: 0");
    expect(workflow.match(/if: always\(\)/g)).toHaveLength(2);
  });
});

describe.each(["gate", "compare"])("npm run %s", (name) => {
  /** The script as npm calls it, with a build that ends so and a command that ends with 1. */
  function run(build: number): { readonly status: number | null; readonly stdout: string } {
    const { scripts } = JSON.parse(
      readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
    ) as { readonly scripts: Readonly<Record<string, string>> };
    const bin = mkdtempSync(join(tmpdir(), "wirebench-scripts-"));
    try {
      writeFileSync(join(bin, "npm"), `#!/bin/sh\nexit ${build}\n`, { mode: 0o755 });
      writeFileSync(join(bin, "node"), '#!/bin/sh\necho "$@"\nexit 1\n', { mode: 0o755 });
      const env = { ...process.env, PATH: `${bin}:${process.env["PATH"]}` };
      return spawnSync("sh", ["-c", `${scripts[name]} "--out" "x"`], { encoding: "utf8", env });
    } finally {
      rmSync(bin, { recursive: true });
    }
  }

  it("ends with 3 when the working tree does not compile, and runs nothing", () => {
    expect(run(2)).toMatchObject({ status: 3, stdout: "" });
  });

  it("ends with the command's code, and gives it the arguments", () => {
    expect(run(0)).toMatchObject({ status: 1, stdout: `dist/cli/main.js ${name} --out x\n` });
  });
});

describe("the commands in docs/ci.md", () => {
  it("are shell", () => {
    for (const script of blocks("sh")) {
      execFileSync("bash", ["-n"], { input: script });
    }
  });

  it("have options that gate knows", () => {
    const commands = [...blocks("sh"), ...blocks("yaml")]
      .join("\n")
      .replaceAll(/\n\s+(?=--)/g, " ")
      .replaceAll(/\$\{\{.*?\}\}/g, "main")
      .matchAll(/npm run (?:--silent )?gate --((?: +(?:"[^"]*"|[^\s"]+))+)/g);
    const lines = [...commands].map(([, args = ""]) => args.trim().replaceAll('"', "").split(/\s+/));
    expect(lines.length).toBeGreaterThanOrEqual(3);
    for (const args of lines) {
      const command = addGateOptions(
        addComparisonOptions(new Command("gate").exitOverride().option("--base <x>").option("--head <x>")),
      );
      const given = args.filter((arg) => arg !== "$@");
      expect(() => parseGateOptions(command.parse(["node", "gate", ...given]).opts())).not.toThrow();
    }
  });
});
