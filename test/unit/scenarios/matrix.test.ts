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
  tuning: ["tuned"],
};

const facts: MatrixFacts = {
  takesImages: (model) => model !== "null",
  isBatched: (model) => model === "batched",
  source: (_model, input) => ({
    name: input.split("/").at(-1) ?? "",
    spec: { input, synthetic: { kind: "bytes", bytes: 1 }, seed: 1 },
    kinds: [{ widthPx: 4, heightPx: 2, encoding: input.endsWith(".bag") ? "bayer_rggb8" : "rgb8" }],
  }),
  mqttVersion: "3.1.1",
};

function expand(change: Partial<Dimensions>, rest: Partial<BenchSpec> = {}) {
  const spec = {
    arrivals: "constant",
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
