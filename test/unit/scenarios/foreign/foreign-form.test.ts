import { describe, expect, it } from "vitest";
import type { PixelEncoding } from "../../../../src/core/frame.ts";
import type { ModelMetadata, TensorMetadata } from "../../../../src/core/metadata.ts";
import { type ForeignFormOptions, foreignForm } from "../../../../src/scenarios/foreign/foreign-form.ts";
import type { Recipe } from "../../../../src/serving/recipe.ts";

const model = (...inputs: TensorMetadata[]): ModelMetadata => ({
  name: "m",
  versions: ["1"],
  platform: "",
  inputs,
  outputs: [{ name: "ids", datatype: "INT64", shape: [1, -1, -1] }],
});
const photo: TensorMetadata = { name: "input", datatype: "UINT8", shape: [1, -1, -1, 3] };
const planar: TensorMetadata = { name: "input", datatype: "FP32", shape: [1, 3, 32, 64] };
const text: TensorMetadata = { name: "input", datatype: "BYTES", shape: [-1] };
const flat: TensorMetadata = { name: "input", datatype: "UINT8", shape: [-1] };
const plain: Recipe = { colour: "rgb", layout: "nhwc", scale: 1, mean: [0], std: [1], answer: "mask" };
const scaled: Recipe = { ...plain, layout: "nchw", scale: 1 / 255, answer: "mask" };
const frame = (widthPx: number, heightPx: number, encoding: PixelEncoding = "rgb8") => ({
  widthPx,
  heightPx,
  encoding,
});

const form = (metadata: ModelMetadata, more: Partial<ForeignFormOptions> = {}) =>
  foreignForm({
    metadata,
    recipe: undefined,
    kinds: [frame(64, 32)],
    encoding: "binary",
    placement: "server",
    ...more,
  });

describe("foreignForm", () => {
  it("sends a picture to a model that takes one, whatever the camera's mosaic", () => {
    expect(form(model(photo))).toEqual({ kind: "picture" });
    expect(form(model(photo), { kinds: [frame(64, 32, "bayer_rggb8")] })).toEqual({ kind: "picture" });
    expect(form(model(photo), { recipe: plain })).toEqual({ kind: "picture" });
  });

  it("leaves frames untouched where that is asked for, or the model takes bytes", () => {
    expect(form(model(photo), { recipe: "raw" })).toEqual({ kind: "untouched" });
    expect(form(model(flat))).toEqual({ kind: "untouched" });
    expect(form(model(photo), { recipe: "raw", kinds: [frame(64, 32, "bayer_rggb8")] })).toMatchObject({
      kind: "misfit",
      why: expect.stringMatching(/--recipe/),
    });
  });

  it("makes the model's tensors by a recipe on the client only", () => {
    const client = { recipe: scaled, placement: "client" } as const;
    expect(form(model(planar), client)).toEqual({ kind: "recipe", recipe: scaled });
    expect(form(model(planar), { recipe: scaled })).toMatchObject({
      why: expect.stringMatching(/--placement client/),
    });
    expect(form(model(planar), { placement: "client" })).toMatchObject({
      why: expect.stringMatching(/needs a --recipe/),
    });
    expect(form(model(photo), client)).toMatchObject({
      kind: "misfit",
      why: expect.stringMatching(/does not fit/),
    });
  });

  it("does not call a picture of another size the model's own", () => {
    const fixed: TensorMetadata = { ...photo, shape: [1, 32, 64, 3] };
    expect(form(model(fixed))).toEqual({ kind: "picture" });
    expect(form(model(fixed), { kinds: [frame(64, 32), frame(65, 32)] })).toMatchObject({ kind: "misfit" });
    const resized: Recipe = { ...plain, size: { widthPx: 32, heightPx: 16 } };
    expect(form(model(photo), { recipe: resized })).toMatchObject({
      why: expect.stringMatching(/--placement client/),
    });
    expect(form(model(photo), { recipe: { ...plain, colour: "bgr" } })).toMatchObject({ kind: "misfit" });
  });

  it("sends JPEG where BYTES are taken, and to OpenVINO's server", () => {
    expect(form(model(text), { encoding: "jpeg" })).toEqual({ kind: "compressed" });
    expect(form({ ...model(planar), platform: "OpenVINO" }, { encoding: "png" })).toEqual({
      kind: "compressed",
    });
    expect(form(model(planar), { encoding: "jpeg" })).toMatchObject({
      why: expect.stringMatching(/no jpeg/),
    });
  });

  it("sends seeded tensors to models of several inputs, but no frames", () => {
    const inputs: TensorMetadata[] = [
      { name: "a", datatype: "FP16", shape: [1, 2] },
      { name: "b", datatype: "FP32", shape: [1] },
    ];
    expect(form(model(...inputs), { seeded: inputs })).toEqual({ kind: "seeded", inputs });
    expect(form(model(...inputs))).toMatchObject({
      why: expect.stringMatching(/2 inputs.*--input synthetic/),
    });
    expect(form(model(...inputs), { seeded: inputs, encoding: "json" })).toMatchObject({
      why: expect.stringMatching(/'a' FP16 \[1, 2\] cannot travel as JSON/),
    });
    expect(form(model(...inputs), { seeded: inputs, encoding: "jpeg" })).toMatchObject({ kind: "misfit" });
  });
});
