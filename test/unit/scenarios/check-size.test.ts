import { expect, it } from "vitest";
import type { Cell } from "../../../src/scenarios/cell.ts";
import { checkSize } from "../../../src/scenarios/check-size.ts";
import type { ForeignForm } from "../../../src/scenarios/foreign/foreign-form.ts";

interface Given {
  readonly model: string;
  readonly inputPath?: string;
  readonly foreign?: ForeignForm;
  readonly made?: "bytes" | "scene";
}

function check(given: Given, size: object = { kind: "bytes", bytes: 968 }): void {
  const { model, inputPath = "synthetic", foreign, made = "bytes" } = given;
  const cell = {
    key: { model, input: "an-input" },
    inputPath,
    foreign,
    source: { synthetic: { kind: made } },
  };
  checkSize({ size } as Parameters<typeof checkSize>[0], [cell as unknown as Cell], (name) => name === "m1");
}

const seeded: ForeignForm = { kind: "seeded", inputs: [] };

it.each<Given>([{ model: "null" }, { model: "raw" }, { model: "flat", foreign: { kind: "untouched" } }])(
  "a number of bytes is for %j",
  (given) => {
    expect(() => check(given)).not.toThrow();
  },
);

it.each<readonly [Given, RegExp]>([
  [{ model: "m1" }, /^--size: 968 bytes .*model 'm1' takes pictures/],
  [{ model: "null", inputPath: "/a.bag" }, /^--size: .*the frames of an-input are resized/],
  [{ model: "far", foreign: { kind: "picture" }, made: "scene" }, /model 'far' takes pictures/],
  [{ model: "far", foreign: seeded }, /the tensors of model 'far' have shapes/],
])("a number of bytes is not for %j", (given, says) => {
  expect(() => check(given)).toThrow(says);
  expect(() => check(given, { kind: "image", widthPx: 4, heightPx: 2 })).not.toThrow();
});
