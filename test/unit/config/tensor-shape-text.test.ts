import { describe, expect, it } from "vitest";
import { parseTensorShape } from "../../../src/config/tensor-shape-text.ts";

describe("parseTensorShape", () => {
  it.each([
    ["input:1,3,224,224", { name: "input", dims: [1, 3, 224, 224] }],
    ["input:FP32:1", { name: "input", datatype: "FP32", dims: [1] }],
    ["a:0:5", { name: "a:0", dims: [5] }],
    ["a:0:INT64:5,2", { name: "a:0", datatype: "INT64", dims: [5, 2] }],
    ["serving_default_x:0:FLOAT:2", { name: "serving_default_x:0:FLOAT", dims: [2] }],
  ])("reads %s", (text, shape) => {
    expect(parseTensorShape(text)).toEqual(shape);
  });

  it.each(["", "input", "input:", ":1", "input:1,,2", "input:0", "input:-1", "input:1x2", "input:1.5"])(
    "refuses '%s'",
    (text) => {
      expect(parseTensorShape(text)).toBeUndefined();
    },
  );
});
