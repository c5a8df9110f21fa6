import { describe, expect, it } from "vitest";
import { type BenchSettings, benchSchema } from "../../../src/config/bench-schema.ts";
import { parseDurationMs } from "../../../src/config/duration.ts";
import { parseRate } from "../../../src/config/rate.ts";
import { resolveBench } from "../../../src/config/resolve-bench.ts";
import { validate, validated } from "../../../src/config/validate.ts";
import { ConfigError } from "../../../src/core/errors.ts";

describe("parseRate", () => {
  it.each<[number | string, unknown]>([
    [20, [20]],
    [0.5, [0.5]],
    ["10..50:10", [10, 20, 30, 40, 50]],
    ["10..49:10", [10, 20, 30, 40]],
    ["0.1..0.5:0.1", [0.1, 0.2, 0.3, 0.4, 0.5]],
    ["5..5:1", [5]],
    ["5..50", ["5..50"]],
    ["50.5..5", ["50.5..5"]],
  ])("%s is %j", (value, rates) => expect(parseRate(value)).toEqual(rates));

  it.each<[number | string, RegExp]>([
    [0, /above 0.*got 0/],
    [-1, /above 0/],
    [Number.NaN, /finite.*NaN/],
    ["nan", /such as 20.*'nan'/],
    ["5..", /such as/],
    ["0..5", /above 0.*got 0/],
    ["50..5:5", /upwards/],
    ["1..5:0", /step above 0/],
    ["1..1000000:1", /at most 1000/],
  ])("%s is none", (value, problem) =>
    expect(parseRate(value)).toMatchObject({ problem: expect.stringMatching(problem) }),
  );
});

function resolved(file: unknown, line: unknown) {
  return resolveBench({
    file: validated(benchSchema, file),
    fileFolder: "/cfg",
    line: validated(benchSchema, line),
  });
}

function problemsOf(action: () => unknown): readonly string[] {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path }) => path);
    throw error;
  }
  return [];
}

describe("parseDurationMs", () => {
  it.each([
    ["250ms", 250],
    ["10s", 10_000],
    ["1.5m", 90_000],
    ["500us", 0.5],
    ["3", 3_000],
    ["0", 0],
  ])("%s is %d ms", (text, ms) => expect(parseDurationMs(text)).toBe(ms));

  it.each(["", "-1s", "s", "1e3s", "Infinity", "NaN", "10 bananas", "1s2"])("'%s' is none", (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });
});

describe("validate", () => {
  it("names every mistake at once, with its path, what was expected and what was found", () => {
    const result = validate(benchSchema, {
      transport: ["http", "smoke"],
      rate: Number.POSITIVE_INFINITY,
      repetitions: 0,
      also: [{ zip: 2 }],
      foo: 1,
    });
    expect(result.problems).toEqual([
      {
        path: "transport[1]",
        message:
          "expected one of 'local'|'http'|'grpc'|'grpc-stream'|'mqtt'|'http-relay'|'tfs-http'|'tfs-grpc'|'kserve-v1', got 'smoke'",
      },
      { path: "rate", message: "expected a finite number above 0 and up to 1000000, got Infinity" },
      { path: "also[0].zip", message: "unknown option" },
      { path: "repetitions", message: "expected number to be >=1, got 0" },
      { path: "foo", message: "unknown option" },
    ]);
  });

  it.each([
    [{ duration: "soon" }, "duration"],
    [{ size: "0x5" }, "size"],
    [{ warmup: "-1s" }, "warmup"],
    [{ url: "ftp://x" }, "url"],
    [{ qos: 3 }, "qos"],
    [{ rate: Number.NaN }, "rate"],
    [{ concurrency: [] }, "concurrency"],
  ])("refuses %j", (config, path) => {
    expect(validate(benchSchema, config).problems?.map((problem) => problem.path)).toEqual([path]);
  });

  it("takes one value for a list, drops repetitions, reads texts", () => {
    expect(
      validated(benchSchema, { transport: "http", rate: [5, 5, 10], duration: "3s", size: "968x608" }),
    ).toEqual({
      transport: ["http"],
      rate: [5, 10],
      duration: 3_000,
      size: { kind: "image", widthPx: 968, heightPx: 608 },
    } satisfies BenchSettings);
  });
});

describe("resolveBench", () => {
  it("lets an option replace the file's list", () => {
    const spec = resolved({ transport: ["http", "grpc"], model: "a" }, { transport: "mqtt" });
    expect(spec.dimensions.transport).toEqual(["mqtt"]);
    expect(spec.dimensions.model).toEqual(["a"]);
    expect(spec.asked).toEqual(["transport"]);
  });

  it("lets --duration or --requests replace both of the file's", () => {
    const file = { duration: "3s", requests: 100 };
    expect(resolved(file, {})).toMatchObject({ durationMs: 3_000, requests: 100 });
    expect(resolved(file, { requests: 7 })).toMatchObject({ durationMs: undefined, requests: 7 });
    expect(resolved(file, { duration: "1s" })).toMatchObject({ durationMs: 1_000, requests: undefined });
  });

  it("speaks HTTP/1.1 unless another version is named", () => {
    expect(resolved({}, {}).dimensions.httpVersion).toEqual(["1.1"]);
    expect(resolved({ httpVersion: ["1.1", "2"] }, {}).dimensions.httpVersion).toEqual(["1.1", "2"]);
    expect(resolved({ httpVersion: ["1.1", "2"] }, { httpVersion: "2" })).toMatchObject({
      dimensions: { httpVersion: ["2"] },
      asked: ["httpVersion"],
    });
  });

  it("takes the transport of one stream from a URL", () => {
    expect(resolved({}, { url: "grpc+stream://h:8001" }).dimensions.transport).toEqual(["grpc-stream"]);
  });

  it("drops the file's extra cells when the command line names one of their dimensions", () => {
    const file = { also: [{ transport: "grpc", tuning: "defaults" }] };
    expect(resolved(file, {}).also).toEqual([{ transport: ["grpc"], tuning: ["defaults"] }]);
    expect(resolved(file, { model: "x" }).also).toHaveLength(1);
    expect(resolved(file, { transport: "grpc" }).also).toEqual([]);
    expect(resolved(file, { tuning: "tuned" }).also).toEqual([]);
  });

  it("stands the relay beside the http and mqtt of extra cells, and beside nothing else", () => {
    const also = [{ transport: ["http", "grpc"] }, { transport: "grpc" }, { model: "x" }];
    expect(resolved({ relay: true, also }, {}).also).toEqual([
      { transport: ["http", "grpc", "http-relay"] },
      { transport: ["grpc"] },
      { model: ["x"] },
    ]);
  });

  it("judges the load of extra cells as that of the lists", () => {
    const also = [{ scenario: "open-loop" }];
    expect(resolved({ rate: 5, also }, {}).also).toHaveLength(1);
    expect(resolved({ also }, { rate: 5 }).dimensions.rate, "which belongs to the extra cells").toEqual([5]);
    expect(() => resolved({ also: [{ model: "x" }, { scenario: "server" }] }, {})).toThrow(
      /^also\[1\]: server needs a rate.*\nalso\[1\]: server needs a bound for p99/,
    );
    const perVehicle = {
      connections: "per-vehicle",
      also: [{ scenario: "open-loop", rate: 5, vehicles: 2 }],
    };
    expect(resolved(perVehicle, {}).connections).toBe("per-vehicle");
    expect(
      resolved(
        { ...perVehicle, scenario: "open-loop", rate: 1, vehicles: 3, also: [{ scenario: "closed-loop" }] },
        {},
      ).also,
    ).toHaveLength(1);
  });

  it.each([
    [{ transport: ["http", "mqtt"] }, { qos: 1, broker: "mqtt://h:1" }],
    [{ also: [{ transport: "mqtt" }], transport: "http" }, { qos: 1 }],
    [{ qos: 1, broker: "mqtt://h:1", connections: 8, generators: 2 }, { transport: "local" }],
    [{ instances: 4, threads: 2 }, { url: "grpc://h:1" }],
    [{}, { url: "mqtt://h:1", qos: 1 }],
    [{}, { url: "grpc://h:1", reference: "m.onnx", threads: 2 }],
    [{}, { transport: ["local", "http"], connections: 8, generators: 2, concurrency: 8 }],
    [{}, { transport: "local", scenario: "offline", connections: 8 }],
    [{}, { transport: "local", generators: 1 }],
  ])("takes %j with %j", (file, line) => {
    expect(problemsOf(() => resolved(file, line))).toEqual([]);
  });

  it("makes quick one short repetition, unless the command line says otherwise", () => {
    const file = { repetitions: 4, duration: "60s" };
    expect(resolved(file, { quick: true })).toMatchObject({ repetitions: 1, quick: true, durationMs: 1_500 });
    expect(resolved(file, { quick: true, repetitions: 2, requests: 5 })).toMatchObject({
      repetitions: 2,
      requests: 5,
      durationMs: undefined,
    });
  });

  it("starts the file's paths in the file's folder, the command line's in the working folder", () => {
    expect(resolved({ input: ["a.bag", "synthetic"] }, {}).dimensions.input).toEqual([
      "/cfg/a.bag",
      "synthetic",
    ]);
    expect(resolved({ input: "a.bag" }, { input: "b.bag" }).dimensions.input).toEqual(["b.bag"]);
  });

  it("takes a new seed each time, unless one is given", () => {
    const seeds = new Set(Array.from({ length: 5 }, () => resolved({}, {}).seed));
    expect(seeds.size).toBeGreaterThan(1);
    expect(resolved({ seed: 3 }, {}).seed).toBe(3);
    expect(resolved({ seed: 3 }, { seed: 7 }).seed).toBe(7);
  });

  it.each([
    [{ scenario: "open-loop", rate: "10..50:5" }, { arrivals: "constant" }],
    [{ scenario: "open-loop", rate: "5..50", arrivals: "ramp" }, { arrivals: "ramp" }],
    [
      { scenario: "open-loop", schedule: "t.txt" },
      { arrivals: "file", schedule: "t.txt", wholeRecording: true },
    ],
    [
      { scenario: "open-loop", arrivals: "recording", requests: 5 },
      { wholeRecording: false, requests: 5 },
    ],
    [{ scenario: "server", rate: 5, latencyBound: "50ms" }, { latencyBoundMs: 50 }],
    [
      { scenario: "open-loop", rate: 5, vehicles: [1, 4], connections: "per-vehicle" },
      { connections: "per-vehicle" },
    ],
  ])("takes %j", (line, expected) => {
    expect(resolved({ duration: "2s" }, line)).toMatchObject(expected);
  });

  it("plays a file's recording for as long as that file says", () => {
    const file = { scenario: "open-loop", schedule: "t.txt", duration: "60s" };
    expect(resolved(file, {})).toMatchObject({
      wholeRecording: false,
      durationMs: 60_000,
      schedule: "/cfg/t.txt",
    });
  });

  it("tells a recipe's file from a model's name and from JSON", () => {
    expect(resolved({}, { recipe: "raw" }).recipe).toBe("raw");
    expect(resolved({}, { recipe: "m1-small" }).recipe).toBe("m1-small");
    expect(resolved({}, { recipe: '{"layout":"nhwc"}' }).recipe).toBe('{"layout":"nhwc"}');
    expect(resolved({ recipe: { layout: "nhwc" } }, {}).recipe).toBe('{"layout":"nhwc"}');
    expect(resolved({ recipe: "r.json" }, {}).recipe).toBe("/cfg/r.json");
    expect(resolved({ recipe: "a/b" }, {}).recipe).toBe("/cfg/a/b");
  });

  it("reads shapes and the reference of a server elsewhere, which belong to --url", () => {
    const url = "http://h:1";
    const spec = resolved({ reference: "m.onnx" }, { url, shape: ["x:1,2", "y:FP32:3"] });
    expect(spec).toMatchObject({
      reference: "/cfg/m.onnx",
      shape: [
        { name: "x", dims: [1, 2] },
        { name: "y", datatype: "FP32", dims: [3] },
      ],
    });
    expect(() => resolved({}, { shape: "x:1" })).toThrow(/--shape: belongs to a server at --url/);
    expect(() => resolved({}, { reference: "m.onnx" })).toThrow(/--reference: belongs to a server at --url/);
    expect(resolved({ reference: "m.onnx" }, {}).url).toBeUndefined();
  });

  it("lets the scheme of --url pick the transport", () => {
    expect(resolved({}, { url: "grpc://127.0.0.1:8001" }).dimensions.transport).toEqual(["grpc"]);
  });

  it.each([
    [{}, { url: "grpc://h:1", transport: "http" }, ["--transport"]],
    [{}, { url: "grpc://h:1", device: "cpu" }, ["--device"]],
    [{}, { rate: 20 }, ["--rate"]],
    [{}, { scenario: "open-loop" }, ["rate"]],
    [{}, { scenario: "open-loop", rate: 5, concurrency: 2 }, ["--concurrency"]],
    [{}, { scenario: "server", rate: 5 }, ["latencyBound"]],
    [{}, { scenario: "server", latencyBound: "50ms" }, ["rate"]],
    [{}, { scenario: "server", rate: 5, latencyBound: "50ms", arrivals: "constant" }, ["--arrivals"]],
    [{}, { scenario: "open-loop", rate: "5..50" }, ["rate"]],
    [{}, { scenario: "open-loop", rate: 5, arrivals: "ramp" }, ["rate"]],
    [{}, { scenario: "open-loop", rate: [5, "5..50"], arrivals: "steps" }, ["rate"]],
    [{}, { scenario: "open-loop", arrivals: "file" }, ["arrivals"]],
    [{}, { scenario: "open-loop", rate: 5, schedule: "t.txt" }, ["--rate"]],
    [{}, { scenario: "open-loop", rate: 5, arrivals: "poisson", schedule: "t.txt" }, ["--schedule"]],
    [{}, { scenario: "open-loop", rate: 5, speed: 2 }, ["--speed"]],
    [{}, { scenario: "open-loop", rate: 5, burst: 2, steps: 3 }, ["--burst", "--steps"]],
    [{}, { scenario: "open-loop", rate: 5, connections: "per-vehicle" }, ["connections"]],
    [
      {},
      { vehicles: 2, whenBusy: "queue", maxInFlight: 3 },
      ["--when-busy", "--max-in-flight", "--vehicles"],
    ],
    [{}, { samplesPerQuery: 4, latencyBound: "1s" }, ["--samples-per-query", "--latency-bound"]],
    [{}, { scenario: "offline", concurrency: 4 }, ["--concurrency"]],
    [{}, { url: "mqtt://h:1", broker: "mqtt://h:1" }, ["broker"]],
    [{}, { transport: ["http", "grpc"], qos: 1 }, ["--qos"]],
    [{}, { transport: "grpc", broker: "mqtt://h:1" }, ["--broker"]],
    [{ also: [{ transport: "mqtt" }] }, { transport: "http", qos: 1 }, ["--qos"]],
    [{}, { url: "grpc://h:1", instances: 4, threads: 2 }, ["--instances", "--threads"]],
    [{}, { transport: "local", connections: 8 }, ["--connections"]],
    [{}, { transport: "local", generators: 2, concurrency: 8 }, ["--generators"]],
    [{ also: [{ scenario: "open-loop" }] }, {}, ["also[0]"]],
    [{ also: [{ scenario: "open-loop", rate: "5..50" }] }, {}, ["also[0]"]],
    [{ also: [{ scenario: "open-loop" }], connections: "per-vehicle", rate: 5 }, {}, ["also[0]"]],
  ])("refuses %j with %j", (file, line, paths) => {
    expect(problemsOf(() => resolved(file, line))).toEqual(paths);
  });
});
