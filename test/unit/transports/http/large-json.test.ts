import { describe, expect, it } from "vitest";
import type { ModelMetadata, TensorMetadata } from "../../../../src/core/metadata.ts";
import { mayAnswerLargeJson } from "../../../../src/transports/http/large-json.ts";

const model = (...outputs: TensorMetadata[]): ModelMetadata => ({
  name: "m",
  versions: ["1"],
  platform: "test",
  inputs: [],
  outputs,
});
const all = () => true;

describe("mayAnswerLargeJson", () => {
  const mask = { name: "mask", datatype: "UINT8", shape: [1, 608, 968] } as const;
  const label = { name: "label", datatype: "INT64", shape: [1] } as const;

  it("adds up the outputs that are wanted as JSON", () => {
    expect(mayAnswerLargeJson(model(label), undefined, all)).toBe(false);
    expect(mayAnswerLargeJson(model(label, mask), undefined, all)).toBe(true);
    expect(mayAnswerLargeJson(model(label, mask), [{ name: "label" }], all)).toBe(false);
    expect(mayAnswerLargeJson(model(label, mask), undefined, (name) => name === "label")).toBe(false);
  });

  it("takes a free dimension and BYTES for large", () => {
    expect(mayAnswerLargeJson(model({ ...label, shape: [-1] }), undefined, all)).toBe(true);
    expect(mayAnswerLargeJson(model({ ...label, datatype: "BYTES" }), undefined, all)).toBe(true);
  });

  it("draws the line at 64 KiB of text", () => {
    expect(mayAnswerLargeJson(model({ ...mask, shape: [16_384] }), undefined, all)).toBe(false);
    expect(mayAnswerLargeJson(model({ ...mask, shape: [16_385] }), undefined, all)).toBe(true);
  });
});
