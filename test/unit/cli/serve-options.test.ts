import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { addServeOptions, readServeOptions, type ServeSettings } from "../../../src/cli/serve-options.ts";
import { ConfigError } from "../../../src/core/errors.ts";

function read(...args: readonly string[]): ServeSettings {
  const command = addServeOptions(new Command("serve").exitOverride());
  return readServeOptions(command.parse(args, { from: "user" }).opts());
}

function problems(...args: readonly string[]): readonly string[] {
  try {
    read(...args);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

describe("the options of serve", () => {
  it("has defaults for everything", () => {
    expect(read().model).toBeUndefined();
    expect(read()).toMatchObject({
      workers: 1,
      drainTimeout: 30_000,
      requestTimeout: 60_000,
      modelControl: "explicit",
      httpPort: 8_000,
      grpcPort: 8_001,
    });
  });

  it("reads times, lists and counts", () => {
    const settings = read(
      ...["--model", "a, b", "--workers", "4", "--drain-timeout", "1.5m", "--request-timeout", "0"],
      ...["--max-queue", "7", "--max-connections", "9", "--access-log", "-"],
    );
    expect(settings).toMatchObject({
      model: ["a", "b"],
      workers: 4,
      drainTimeout: 90_000,
      requestTimeout: 0,
      maxQueue: 7,
      maxConnections: 9,
      accessLog: "-",
    });
  });

  it("names every problem at once, by its option", () => {
    const found = problems(
      "--workers",
      "0",
      "--drain-timeout",
      "soon",
      "--max-queue",
      "-1",
      "--http-port",
      "x",
    );
    expect(found).toHaveLength(4);
    for (const option of ["--workers", "--drain-timeout", "--max-queue", "--http-port"]) {
      expect(found.some((line) => line.startsWith(`${option}: `))).toBe(true);
    }
  });

  it("refuses times that no timer can count", () => {
    expect(problems("--drain-timeout", "1000h")).toHaveLength(1);
  });

  it("refuses what cannot be meant together", () => {
    expect(problems("--transport", "mqtt", "--workers", "2")).toEqual([
      expect.stringMatching(/^--workers: .*--broker/),
    ]);
    expect(problems("--transport", "mqtt", "--workers", "2", "--broker", "mqtt://h")).toEqual([]);
    expect(problems("--broker", "mqtt://h", "--qos", "1", "--study-topics")).toEqual([
      "--broker: is for --transport mqtt",
      "--qos: is for --transport mqtt",
      "--study-topics: is for --transport mqtt",
    ]);
    expect(problems("--transport", "http,mqtt", "--broker", "mqtt://h", "--qos", "1")).toEqual([]);
    const painted = ["--transport", "mqtt", "--palette", "aiedge", "--study-answer", "png"];
    expect(problems(...painted)).toEqual([
      "--study-answer: is for --study-topics",
      "--palette: is for --study-topics",
    ]);
    expect(problems(...painted, "--study-topics")).toEqual([]);
    expect(problems("--repository", "a", "--model-repository", "b")).toHaveLength(1);
    expect(problems("--repository", "a", "--model-repository", "a")).toEqual([]);
    expect(problems("--http-port", "9", "--grpc-port", "9")).toEqual([
      expect.stringMatching(/9 is given twice/),
    ]);
    expect(problems("--http-port", "0", "--grpc-port", "0")).toEqual([]);
  });
});
