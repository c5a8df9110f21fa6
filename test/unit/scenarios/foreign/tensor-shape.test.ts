import { describe, expect, it } from "vitest";
import type { TensorMetadata } from "../../../../src/core/metadata.ts";
import { shapedInputs } from "../../../../src/scenarios/foreign/tensor-shape.ts";

const picture: TensorMetadata = { name: "input", datatype: "FP32", shape: [-1, 3, -1, -1] };
const ids: TensorMetadata = { name: "ids", datatype: "INT64", shape: [-1, 8] };

describe("shapedInputs", () => {
  it("takes given sizes, and 1 for a free batch", () => {
    const inputs = shapedInputs({ name: "m", inputs: [picture, ids] }, [
      { name: "input", dims: [2, 3, 32, 64] },
    ]);
    expect(inputs.map(({ shape }) => shape)).toEqual([
      [2, 3, 32, 64],
      [1, 8],
    ]);
  });

  it("asks for sizes that nobody gave, with an example that would do", () => {
    expect(() => shapedInputs({ name: "m", inputs: [picture] }, [])).toThrow(
      /'input' FP32 \[-1, 3, -1, -1\] has free dimensions.*--shape input:1,3,224,224/,
    );
    const flat: TensorMetadata = { name: "x", datatype: "INT32", shape: [-1] };
    expect(() => shapedInputs({ name: "m", inputs: [flat] }, [])).toThrow(/free dimensions/);
  });

  it.each([
    ["of another rank", { name: "ids", dims: [8] }, /does not fit/],
    ["of another fixed size", { name: "ids", dims: [1, 9] }, /does not fit/],
    ["of another datatype", { name: "ids", datatype: "INT32" as const, dims: [1, 8] }, /does not fit/],
    ["of no input", { name: "idz", dims: [1, 8] }, /has no input 'idz'; it has 'ids' INT64 \[-1, 8\]/],
  ])("refuses a shape %s", (_, shape, message) => {
    expect(() => shapedInputs({ name: "m", inputs: [ids] }, [shape])).toThrow(message);
  });

  it("believes the shapes with datatypes where the server describes no inputs", () => {
    expect(shapedInputs({ name: "m", inputs: [] }, [{ name: "x", datatype: "FP32", dims: [1, 2] }])).toEqual([
      { name: "x", datatype: "FP32", shape: [1, 2] },
    ]);
    for (const given of [[], [{ name: "x", dims: [1, 2] }]]) {
      expect(() => shapedInputs({ name: "m", inputs: [] }, given)).toThrow(/does not tell the inputs/);
    }
  });

  it("takes any shape where the server tells no rank, and asks for one", () => {
    const inputs: TensorMetadata[] = [{ name: "x", datatype: "FP32", shape: [], unknownRank: true }];
    for (const dims of [[3], [1, 2, 3]]) {
      expect(shapedInputs({ name: "m", inputs }, [{ name: "x", dims }])).toEqual([
        { name: "x", datatype: "FP32", shape: dims },
      ]);
    }
    expect(() => shapedInputs({ name: "m", inputs }, [])).toThrow(
      /the input 'x' FP32 of any shape needs one, e.g. --shape x:/,
    );
    expect(() => shapedInputs({ name: "m", inputs }, [{ name: "x", datatype: "INT32", dims: [3] }])).toThrow(
      /does not fit/,
    );
    const scalar: TensorMetadata = { name: "x", datatype: "FP32", shape: [] };
    expect(shapedInputs({ name: "m", inputs: [scalar] }, [])).toEqual([scalar]);
  });
});
