import { describe, expect, it } from "vitest";
import type { ModelMetadata, TensorMetadata } from "../../../../src/core/metadata.ts";
import type { TransportName } from "../../../../src/core/transport.ts";
import type { BenchSpec, Dimensions } from "../../../../src/scenarios/bench-spec.ts";
import type { ForeignServer } from "../../../../src/scenarios/foreign/foreign-server.ts";
import { planForeign } from "../../../../src/scenarios/foreign/plan-foreign.ts";
import type { Recipe } from "../../../../src/serving/recipe.ts";

const dimensions = {
  encoding: ["json", "binary"],
  placement: ["server"],
  model: ["m"],
  input: ["street.bag"],
} as unknown as Dimensions;

function specOf(change: Partial<BenchSpec> & { readonly lists?: Partial<Dimensions> } = {}): BenchSpec {
  const { lists, ...rest } = change;
  return { asked: [], also: [], ...rest, dimensions: { ...dimensions, ...lists } } as unknown as BenchSpec;
}

function serverOf(
  inputs: readonly TensorMetadata[],
  more: { readonly transport?: TransportName; readonly extensions?: string[]; readonly model?: object } = {},
): ForeignServer {
  const { transport = "http", extensions = ["binary_tensor_data"], model = {} } = more;
  const metadata: ModelMetadata = { name: "m", versions: [], platform: "", inputs, outputs: [], ...model };
  return {
    url: `${transport}://h:1`,
    transport,
    server: { name: "s", version: "1", extensions },
    models: new Map([["m", metadata]]),
  };
}

const photo: TensorMetadata = { name: "input", datatype: "UINT8", shape: [1, -1, -1, 3] };
const flat: TensorMetadata = { name: "input", datatype: "UINT8", shape: [-1] };
const floats: TensorMetadata = { name: "x", datatype: "FP32", shape: [-1, 4] };
const planar: Recipe = { colour: "rgb", layout: "nchw", scale: 1, mean: [0], std: [1], answer: "mask" };

describe("planForeign", () => {
  it("keeps frames for models that take them, and sends others seeded tensors", () => {
    for (const input of [photo, flat]) {
      expect(planForeign(specOf(), serverOf([input]), undefined).dimensions.input).toEqual(["street.bag"]);
    }
    const { dimensions: fitted, source, notes } = planForeign(specOf(), serverOf([floats]), undefined);
    expect(fitted.input).toEqual(["synthetic"]);
    expect(source("m", "synthetic")).toMatchObject({ shapes: "1x4", spec: { input: "synthetic" } });
    expect(notes.join("\n")).toContain("'x' FP32 [1, 4]");
  });

  it("leaves what the user typed alone", () => {
    const asked = specOf({ asked: ["input", "encoding", "placement"] });
    const { dimensions: fitted } = planForeign(asked, serverOf([floats], { extensions: [] }), undefined);
    expect(fitted).toEqual(dimensions);
  });

  it("writes JSON where http does not announce the binary extension, and says so", () => {
    const {
      dimensions: fitted,
      notes,
      form,
    } = planForeign(specOf(), serverOf([flat], { extensions: [] }), undefined);
    expect(fitted.encoding).toEqual(["json"]);
    expect(notes.join("\n")).toMatch(/does not announce binary_tensor_data: tensors travel as JSON/);
    const facts = {
      name: "synthetic",
      spec: { input: "synthetic", synthetic: { kind: "bytes", bytes: 4 }, seed: 1 },
      kinds: [{ widthPx: 4, heightPx: 1, encoding: "mono8" }],
    } as const;
    const of = (encoding: "binary" | "json") =>
      form({ model: "m", encoding, placement: "server" } as never, facts);
    expect(of("binary")).toMatchObject({ kind: "misfit" });
    expect(of("json")).toEqual({ kind: "untouched" });
    const overGrpc = serverOf([flat], { extensions: [], transport: "grpc" });
    expect(planForeign(specOf(), overGrpc, undefined).dimensions.encoding).toEqual(["json", "binary"]);
  });

  it("puts the work where the recipe needs it", () => {
    const placed = (recipe: Recipe, input = photo) =>
      planForeign(specOf(), serverOf([input]), recipe).dimensions.placement;
    expect(placed({ ...planar, layout: "nhwc" })).toEqual(["server"]);
    expect(placed({ ...planar, layout: "nhwc", scale: 0.5 })).toEqual(["client"]);
    expect(placed(planar, { name: "x", datatype: "FP32", shape: [1, 3, 8, 8] })).toEqual(["client"]);
  });

  it("makes synthetic frames of the size that the model or the recipe wants", () => {
    const synthetic = (input: TensorMetadata, recipe?: Recipe) =>
      planForeign(specOf({ lists: { input: ["synthetic"] } }), serverOf([input]), recipe).source(
        "m",
        "synthetic",
      )?.spec.synthetic;
    expect(synthetic(photo)).toEqual({ kind: "scene", widthPx: 968, heightPx: 608 });
    expect(synthetic({ ...photo, shape: [1, 32, 64, 3] })).toEqual({
      kind: "scene",
      widthPx: 64,
      heightPx: 32,
    });
    expect(synthetic({ ...floats, shape: [1, 3, 32, 64] }, planar)).toEqual({
      kind: "scene",
      widthPx: 64,
      heightPx: 32,
    });
    expect(synthetic(flat)).toEqual({ kind: "bytes", bytes: 1024 });
  });

  it("leaves wirebench's own models to wirebench, but for shapes of what they take raw", () => {
    const ours = (recipe: string) =>
      serverOf([floats], { model: { properties: { wirebench_recipe: recipe } } });
    const plan = planForeign(specOf(), ours(JSON.stringify(planar)), undefined);
    expect(plan.source("m", "synthetic")).toBeUndefined();
    expect(plan.dimensions).toEqual(dimensions);
    expect(plan.servedRecipe("m")).toEqual(planar);
    const shape = [{ name: "x", dims: [2, 4] }];
    expect(planForeign(specOf({ shape }), ours("raw"), undefined).source("m", "synthetic")).toMatchObject({
      shapes: "2x4",
    });
    expect(() => planForeign(specOf({ shape }), ours(JSON.stringify(planar)), undefined)).toThrow(/--shape/);
    expect(() => planForeign(specOf({ reference: "m.onnx" }), ours("raw"), undefined)).toThrow(/--reference/);
  });

  it("refuses shapes where they mean nothing", () => {
    const shape = [{ name: "x", dims: [2, 4] }];
    expect(() => planForeign(specOf({ shape }), serverOf([floats]), planar)).toThrow(/the recipe says/);
    expect(() => planForeign(specOf({ shape, asked: ["input"] }), serverOf([floats]), undefined)).toThrow(
      /belongs to --input synthetic/,
    );
  });

  it("sends scenes of the size that pictures must have, unless frames get it", () => {
    const sized = serverOf([{ ...photo, shape: [1, 32, 64, 3] }]);
    const plan = planForeign(specOf(), sized, undefined);
    expect(plan.dimensions.input).toEqual(["synthetic"]);
    expect(plan.notes.join("\n")).toMatch(/pictures of one size: scenes of that size are sent instead/);
    expect(plan.notes.join("\n")).not.toContain("seeded");
    expect(plan.source("m", "synthetic")).toMatchObject({
      spec: { synthetic: { kind: "scene", widthPx: 64, heightPx: 32 } },
    });
    const size = { kind: "image", widthPx: 64, heightPx: 32 } as const;
    expect(planForeign(specOf({ size }), sized, undefined).dimensions.input).toEqual(["street.bag"]);
    expect(planForeign(specOf({ asked: ["input"] }), sized, undefined).dimensions.input).toEqual([
      "street.bag",
    ]);
  });

  it("looks at the cells of `also`, too", () => {
    const shape = [{ name: "x", dims: [2, 4] }];
    const asked = ["input"] as const;
    const also = [{ input: ["synthetic"] }];
    const plan = planForeign(specOf({ asked, also, shape }), serverOf([floats]), undefined);
    expect(plan.source("m", "synthetic")).toMatchObject({ shapes: "2x4" });
    // Of a model that nothing is made for no shape is asked.
    const free: TensorMetadata = { name: "y", datatype: "FP32", shape: [-1, -1] };
    const other = planForeign(
      specOf({ asked, also: [{ input: ["synthetic"], model: ["n"] }] }),
      serverOf([free]),
      undefined,
    );
    expect(other.dimensions.input).toEqual(["street.bag"]);
  });

  it("refuses one reference for several models", () => {
    const one = serverOf([floats]);
    const models = new Map(
      [...one.models.values()].flatMap(
        (model) =>
          [
            ["m", model],
            ["n", model],
          ] as const,
      ),
    );
    const two = { ...one, models };
    expect(() => planForeign(specOf({ reference: "m.onnx" }), two, undefined)).toThrow(
      /--reference: one file is one model, got 2 \(m, n\)/,
    );
    expect(() => planForeign(specOf({ reference: "m.onnx" }), serverOf([floats]), undefined)).not.toThrow();
  });
});
