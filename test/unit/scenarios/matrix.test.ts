import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/core/errors.ts";
import type { BenchSpec, Dimensions } from "../../../src/scenarios/bench-spec.ts";
import { expandMatrix, type MatrixFacts } from "../../../src/scenarios/matrix.ts";

const dimensions: Dimensions = {
  transport: ["local", "http", "grpc", "mqtt"],
  encoding: ["binary"],
  placement: ["server"],
  model: ["m1-small"],
  device: ["cpu"],
  input: ["street.bag"],
  scenario: ["closed-loop"],
  concurrency: [1],
  rate: [],
  whenBusy: ["drop-new"],
  vehicles: [],
  tuning: ["tuned"],
  httpVersion: ["1.1"],
};

const facts: MatrixFacts = {
  takesImages: (model) => model !== "null",
  isBatched: (model) => model === "batched",
  source: (_model, input) => ({
    name: input.split("/").at(-1) ?? "",
    spec: { input, synthetic: { kind: "bytes", bytes: 1 }, seed: 1 },
    kinds: [{ widthPx: 4, heightPx: 2, encoding: input.endsWith(".bag") ? "bayer_rggb8" : "rgb8" }],
    recorded: input.endsWith(".bag") ? { name: input, ratePerSec: 10 } : undefined,
  }),
  scheduleFile: { name: "t.txt", ratePerSec: 3 },
  mqttVersion: "3.1.1",
};

function expand(change: Partial<Dimensions>, rest: Partial<BenchSpec> = {}) {
  const spec = {
    arrivals: "constant",
    burst: 8,
    steps: 5,
    speed: 1,
    samplesPerQuery: 8,
    qos: 0,
    also: [],
    asked: [],
    ...rest,
    dimensions: { ...dimensions, ...change },
  } as unknown as BenchSpec;
  return expandMatrix(spec, facts);
}

describe("expandMatrix", () => {
  it("names cells by their key, the same each time", () => {
    expect(expand({ transport: ["mqtt", "local"] }).cells.map(({ name }) => name)).toEqual([
      "mqtt/binary/server/m1-small/cpu/street.bag/closed-loop/c1/n1/q0/p3.1.1/tls-off/z-off/tuned/loopback",
      "local/binary/server/m1-small/cpu/street.bag/closed-loop/c1/tls-off/z-off/tuned/none",
    ]);
  });

  it("writes the server's URL without its password as target", () => {
    const { cells } = expand({ transport: ["mqtt"] }, { url: "mqtt://me:secret@h:1883" });
    expect(cells.map(({ key }) => [key.target, key.link])).toEqual([["mqtt://h:1883", "network"]]);
  });

  it("skips impossible combinations and names them in one line a reason", () => {
    const { cells, skipped } = expand({
      encoding: ["json", "binary", "bayer"],
      placement: ["server", "client"],
    });
    expect(cells.map(({ key }) => `${key.transport} ${key.encoding} ${key.placement}`)).toEqual([
      "local binary server",
      "local bayer server",
      "http json server",
      "http binary server",
      "http bayer server",
      "grpc binary server",
      "grpc bayer server",
      "mqtt binary server",
      "mqtt bayer server",
      "local binary client",
      "http json client",
      "http binary client",
      "grpc binary client",
      "mqtt binary client",
    ]);
    expect(skipped).toEqual([
      "skipped json over local, json over grpc, json over mqtt: JSON bodies travel over http only",
      "skipped bayer with placement client: with client-side work tensors travel, not images",
    ]);
  });

  it("offers bayer only where the source has the mosaic, and images only to models that take them", () => {
    expect(() => expand({ encoding: ["bayer"], input: ["photo.jpg"] })).toThrow(/no possible cell/);
    expect(() => expand({ encoding: ["jpeg"], model: ["null"] })).toThrow(/tensors untouched/);
  });

  it("refuses a typed value that ends up in no cell", () => {
    const grpcJson = () =>
      expand({ transport: ["grpc"], encoding: ["json", "binary"] }, { asked: ["encoding"] });
    expect(grpcJson).toThrow(ConfigError);
    expect(grpcJson).toThrow(/--encoding: 'json' ends up in no cell/);
    expect(expand({ transport: ["grpc"], encoding: ["json", "binary"] }).cells).toHaveLength(1);
  });

  it("makes HTTP's versions cells of http alone", () => {
    const httpVersion = ["1.1", "2"] as const;
    const { cells } = expand({ transport: ["http", "http-relay", "grpc", "grpc-stream"], httpVersion });
    expect(cells.map(({ key }) => `${key.transport} ${key.protocolVersion}`)).toEqual([
      "http 1.1",
      "http 2",
      "http-relay 1.1",
      "grpc 2",
      "grpc-stream 2",
    ]);
    expect(() => expand({ transport: ["grpc"], httpVersion: ["2"] }, { asked: ["httpVersion"] })).toThrow(
      /--http-version: '2' ends up in no cell/,
    );
    expect(
      expand({ transport: ["http"], httpVersion: ["2"] }, { asked: ["httpVersion"] }).cells,
    ).toHaveLength(1);
  });

  it("adds the extra cells, each cell once", () => {
    const { cells } = expand(
      { transport: ["grpc"] },
      { also: [{ tuning: ["defaults", "tuned"] }] as BenchSpec["also"] },
    );
    expect(cells.map(({ key }) => key.tuning)).toEqual(["tuned", "defaults"]);
  });

  it("gives the open loop 16 connections and the closed loop as many as are outstanding", () => {
    const { cells } = expand({
      transport: ["http"],
      scenario: ["closed-loop", "open-loop"],
      concurrency: [4],
      rate: [20],
    });
    expect(cells.map(({ key }) => [key.connections, key.concurrency, key.ratePerSec])).toEqual([
      [4, 4, undefined],
      [16, undefined, 20],
    ]);
  });

  it("gives each of MLPerf's scenarios what it keeps outstanding", () => {
    const { cells } = expand({
      transport: ["http"],
      scenario: ["single-stream", "multi-stream", "offline", "server"],
      rate: [20],
    });
    expect(
      cells.map(({ key }) => [key.scenario, key.concurrency, key.connections, key.arrivals, key.ratePerSec]),
    ).toEqual([
      ["single-stream", 1, 1, undefined, undefined],
      ["multi-stream", 8, 8, undefined, undefined],
      ["offline", 32, 16, undefined, undefined],
      ["server", undefined, 16, "poisson", 20],
    ]);
    const [few] = expand({ transport: ["http"], scenario: ["offline"] }, { connections: 3 }).cells;
    expect([few?.key.concurrency, few?.key.connections]).toEqual([6, 3]);
  });

  it("makes a cell of each rate, fleet and rule at the limit, and gives each vehicle its connection", () => {
    const { cells } = expand({
      transport: ["local", "grpc"],
      scenario: ["open-loop"],
      rate: [5, 10],
      whenBusy: ["queue", "newest-wins"],
      vehicles: [1, 4],
    });
    expect(cells).toHaveLength(16);
    expect(cells[1]?.key).toMatchObject({
      ratePerSec: 5,
      whenBusy: "queue",
      vehicles: 1,
      connections: "per-vehicle",
    });
    expect(cells[0]?.key.connections).toBeUndefined();
    expect(cells.at(-1)?.name).toContain("open-loop/constant/r10/newest-wins/v4/nper-vehicle/");
  });

  it("says the whole shape of a ramp in its key, and the mean rate", () => {
    const open = { transport: ["http"], scenario: ["open-loop"] } as const;
    const keyOf = (rate: Dimensions["rate"], rest: Partial<BenchSpec>) =>
      expand({ ...open, rate }, rest).cells[0]?.key;
    expect(keyOf(["5..50"], { arrivals: "ramp" })).toMatchObject({
      arrivals: "ramp:5..50",
      ratePerSec: 27.5,
    });
    expect(keyOf(["5..50"], { arrivals: "steps" })?.arrivals).toBe("steps:5..50x5");
    expect(keyOf([8], { arrivals: "burst" })).toMatchObject({ arrivals: "burst:8", ratePerSec: 8 });
    const asked = { arrivals: "ramp", asked: ["rate"] } as const;
    expect(keyOf(["5..50"], asked)?.arrivals).toBe("ramp:5..50");
  });

  it("takes recorded arrivals from a bag, at its own rate times the speed", () => {
    const open: Partial<Dimensions> = { transport: ["http"], scenario: ["open-loop"] };
    const [bag] = expand(open, { arrivals: "recording", speed: 2 }).cells;
    expect(bag?.key).toMatchObject({ arrivals: "recording", ratePerSec: 20 });
    const photo = () =>
      expand({ ...open, input: ["photo.jpg"] }, { arrivals: "recording", asked: ["input", "scenario"] });
    expect(photo).toThrow(/^matrix: no possible cell is left \(.*photo.jpg: only a bag says when/);
    expect(expand(open, { arrivals: "file" }).cells[0]?.key).toMatchObject({
      arrivals: "file:t.txt",
      ratePerSec: 3,
    });
  });

  it("refuses two inputs whose cells would have the same name", () => {
    expect(() => expand({ input: ["a/street.bag", "b/street.bag"] })).toThrow(/same name/);
  });

  it("says which link lies between, and leaves the device of a server elsewhere open", () => {
    const [far] = expand({ transport: ["http"] }, { url: "http://10.0.0.7:8000" }).cells;
    expect(far?.key).toMatchObject({ link: "network", target: "http://10.0.0.7:8000", device: undefined });
    const [near] = expand({ transport: ["http"] }, { url: "http://localhost:8000" }).cells;
    expect(near?.key.link).toBe("loopback");
  });

  it("warms up what will be sent", () => {
    const warm = (change: Partial<Dimensions>) => expand({ transport: ["http"], ...change }).cells[0]?.warm;
    expect(warm({ encoding: ["bayer"] })).toEqual([{ content: "bayer_rggb8", widthPx: 4, heightPx: 2 }]);
    expect(warm({})).toEqual([{ content: "rgb8", widthPx: 4, heightPx: 2 }]);
    expect(warm({ placement: ["client"] })).toEqual([{ content: "tensor", widthPx: 4, heightPx: 2 }]);
  });
});
