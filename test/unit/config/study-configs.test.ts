import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { benchSchema } from "../../../src/config/bench-schema.ts";
import { loadConfig } from "../../../src/config/load-config.ts";
import { resolveBench } from "../../../src/config/resolve-bench.ts";
import { validated } from "../../../src/config/validate.ts";
import { zooModel } from "../../../src/serving/zoo/catalogue.ts";

const FOLDER = fileURLToPath(new URL("../../../docs/studies", import.meta.url));
const configs = readdirSync(FOLDER).filter((name) => name.endsWith(".config.ts"));

it("there are studies", () => {
  expect(configs).toContain("vehicle-cloud.config.ts");
});

describe.each(configs)("%s", (name) => {
  const load = async () => {
    const { value, folder } = await loadConfig(path.join(FOLDER, name));
    return resolveBench({ file: validated(benchSchema, value), fileFolder: folder, line: {} });
  };

  it("is valid, and all that it names is there", async () => {
    const { dimensions } = await load();
    expect(dimensions.model.filter((model) => zooModel(model) === undefined)).toEqual([]);
    expect(dimensions.input.filter((input) => !existsSync(input))).toEqual([]);
  });

  it("has a page that says how to run and read it", () => {
    expect(existsSync(path.join(FOLDER, name.replace(".config.ts", ".md")))).toBe(true);
  });
});

it("the vehicle-cloud study has every transport in one encoding, and the study's own pair", async () => {
  const { value, folder } = await loadConfig(path.join(FOLDER, "vehicle-cloud.config.ts"));
  const spec = resolveBench({ file: validated(benchSchema, value), fileFolder: folder, line: {} });
  expect(spec.dimensions).toMatchObject({
    transport: ["local", "http", "http-relay", "grpc", "mqtt"],
    encoding: ["binary"],
    placement: ["server", "client"],
    model: ["m1-small", "m1-large", "m2", "m3"],
  });
  const extra = spec.also.map(({ transport, encoding, placement }) => ({ transport, encoding, placement }));
  expect(extra).toContainEqual({ transport: ["http"], encoding: ["json"], placement: undefined });
  expect(extra).toContainEqual({
    transport: ["http", "grpc", "mqtt"],
    encoding: ["jpeg"],
    placement: ["server"],
  });
});
