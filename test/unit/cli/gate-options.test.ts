import { resolve } from "node:path";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { parseLimits } from "../../../src/cli/comparison-options.ts";
import { addGateOptions, parseGateOptions } from "../../../src/cli/gate-options.ts";
import { ConfigError } from "../../../src/core/errors.ts";

function parse(...args: readonly string[]) {
  const command = addGateOptions(new Command("gate").exitOverride().configureOutput({ writeErr: () => {} }));
  return parseGateOptions(command.parse(["node", "gate", ...args]).opts());
}

function problemsOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "";
}

describe("gate's options", () => {
  it("passes what describes cells and load on as it was given", () => {
    const { benchArguments } = parse(
      ...["--transport", "http,grpc", "--rate", "1,5..50:5", "--scenario", "open-loop", "--relay"],
      ...["--blocks", "3", "--seed", "7", "--name", "x", "--out", "somewhere", "--config", "a.config.ts"],
    );
    expect(benchArguments.slice(0, 2)).toEqual(["--config", resolve("a.config.ts")]);
    expect(benchArguments).toEqual(
      expect.arrayContaining(["--transport", "http,grpc", "--rate", "1,5..50:5", "--relay"]),
    );
    for (const own of ["--blocks", "--seed", "--name", "--out"]) expect(benchArguments).not.toContain(own);
  });

  it("passes an option that was given several times on as often", () => {
    const shapes = ["--shape", "a:1,3", "--shape", "b:1,4"];
    expect(parse(...shapes).benchArguments).toEqual(shapes);
  });

  it("has 5 blocks unless told otherwise, and up to 20 until decided", () => {
    expect(parse()).toMatchObject({ blocks: 5, mostBlocks: 5, untilDecided: false });
    expect(parse("--blocks", "8")).toMatchObject({ blocks: 8, mostBlocks: 8 });
    expect(parse("--until-decided")).toMatchObject({ blocks: 5, mostBlocks: 20, untilDecided: true });
    expect(parse("--until-decided", "--max-blocks", "3")).toMatchObject({ blocks: 3, mostBlocks: 3 });
  });

  it.each([
    [["--blocks", "1"], /--blocks: expected a whole number from 2 to 500, got '1'/],
    [["--blocks", "many"], /--blocks: .*'many'/],
    [["--max-blocks", "9"], /--max-blocks: belongs to --until-decided/],
    [["--repetitions", "8"], /--repetitions: .*--blocks/],
    [["--quick"], /--quick: .*--duration/],
    [["--url", "http://a:1"], /--url: .*--base/],
    [["--transport", "pigeon"], /--transport.*'pigeon'/],
  ])("refuses %j", (args, says) => {
    expect(problemsOf(() => parse(...args))).toMatch(says);
  });

  it("refuses --blocks with --until-decided", () => {
    expect(() => parse("--blocks", "5", "--until-decided")).toThrow(/cannot be used with/);
  });
});

describe("limits", () => {
  it("are percentages, the defaults for the rest", () => {
    expect(parseLimits({})).toMatchObject({ threshold: 0.05, tolerance: { p50: 0.1, p99: 0.25 } });
    expect(parseLimits({ threshold: "3", tolerance: "p99=40%" })).toMatchObject({
      threshold: 0.03,
      tolerance: { p50: 0.1, p99: 0.4 },
    });
  });

  it.each([
    [{ threshold: "-3%" }, /--threshold: expected a percentage above 0.*'-3%'/],
    [{ threshold: "0" }, /--threshold/],
    [{ threshold: "NaN" }, /--threshold/],
    [{ tolerance: "p42=3%" }, /--tolerance: expected a list such as.*'p42=3%'/],
    [{ tolerance: "10%" }, /--tolerance/],
    [{ tolerance: "p50=" }, /--tolerance/],
  ])("refuses %j", (options, says) => {
    expect(problemsOf(() => parseLimits(options))).toMatch(says);
  });
});
