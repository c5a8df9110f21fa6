import { describe, expect, it } from "vitest";
import { readModelMetadata, readServerMetadata } from "../../../../src/transports/http/metadata.ts";

describe("metadata of a server", () => {
  it("is read as it is", () => {
    const metadata = {
      name: "m",
      versions: ["1"],
      platform: "onnxruntime_onnx",
      inputs: [{ name: "x", datatype: "FP32", shape: [-1, 3] }],
      outputs: [],
      properties: { recipe: "{}" },
    };
    expect(readModelMetadata(metadata)).toEqual(metadata);
  });

  it("may lack what is optional", () => {
    expect(readModelMetadata({ name: "m", platform: "p", inputs: [], outputs: [] })).toEqual({
      name: "m",
      platform: "p",
      versions: [],
      inputs: [],
      outputs: [],
    });
    expect(readServerMetadata({ name: "s", version: "2" })).toEqual({
      name: "s",
      version: "2",
      extensions: [],
    });
  });

  it.each([
    ["no object", [], /expected a JSON object/],
    ["no name", {}, /name: expected a string, got nothing/],
    [
      "an unknown datatype",
      { name: "m", platform: "p", inputs: [{ name: "x", datatype: "?" }] },
      /unknown datatype/,
    ],
  ])("with %s is the server's fault", (_name, value, message) => {
    expect(() => readModelMetadata(value)).toThrow(expect.objectContaining({ status: "INTERNAL" }));
    expect(() => readModelMetadata(value)).toThrow(message);
  });
});
