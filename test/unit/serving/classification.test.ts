import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitBytes, type Tensor } from "../../../src/core/tensor.ts";
import { classifyOutputs } from "../../../src/serving/classification.ts";
import { MOST_CLASSES, wantedOutputs } from "../../../src/serving/wanted-outputs.ts";

const tensor = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor => ({
  name: "scores",
  datatype: "FP32",
  shape,
  data: new Uint8Array(Float32Array.from(values).buffer),
});
const texts = ({ data }: Tensor): string[] => splitBytes(data).map((each) => Buffer.from(each).toString());
const classified = (output: Tensor, classes: number, model: Parameters<typeof classifyOutputs>[2]): Tensor =>
  classifyOutputs([output], [{ name: output.name, classes }], model)[0]!;

describe("classes", () => {
  it("are value:index, the greatest first, of the whole tensor where there is no batch", () => {
    const found = classified(tensor([0.25, -1, 3.5, 2], [1, 4]), 3, { maxBatchSize: 0 });
    expect(found).toMatchObject({ name: "scores", datatype: "BYTES", shape: [3] });
    expect(texts(found)).toEqual(["3.500000:2", "2.000000:3", "0.250000:0"]);
  });

  it("are of each element of a batch, with labels where there are some", () => {
    const found = classified(tensor([1, 2, 3, 6, 5, 4], [2, 3]), 2, {
      maxBatchSize: 8,
      outputLabels: { scores: ["road", "sky"] },
    });
    expect(found.shape).toEqual([2, 2]);
    expect(texts(found)).toEqual(["3.000000:2", "2.000000:1:sky", "6.000000:0:road", "5.000000:1:sky"]);
  });

  it("have the model's labels where the output is the model's own with a value for each label", () => {
    const signature = { inputs: [], outputs: [{ name: "scores", datatype: "FP32" as const, shape: [-1] }] };
    const model = { maxBatchSize: 0, labels: ["road", "sky"], signature };
    const of = (values: readonly number[], other: object = {}): readonly string[] =>
      texts(classified(tensor(values), 1, { ...model, ...other }));
    expect(of([1, 2])).toEqual(["2.000000:1:sky"]);
    expect(of([1, 2, 0])).toEqual(["2.000000:1"]);
    expect(of([1, 2], { signature: { inputs: [], outputs: [] } })).toEqual(["2.000000:1"]);
  });

  it("take the output's own labels first", () => {
    const signature = { inputs: [], outputs: [{ name: "scores", datatype: "FP32" as const, shape: [-1] }] };
    const model = { maxBatchSize: 0, labels: ["a"], outputLabels: { scores: ["b"] }, signature };
    expect(texts(classified(tensor([1]), 1, model))).toEqual(["1.000000:0:b"]);
  });

  it("are as many as there are values at most, none of an empty batch", () => {
    expect(classified(tensor([1, 2]), 9, { maxBatchSize: 0 }).shape).toEqual([2]);
    expect(classified(tensor([], [0, 3]), 2, { maxBatchSize: 4 }).shape).toEqual([0, 0]);
  });

  it("of equal values begin with the lower index; NaN is last", () => {
    const found = classified(tensor([Number.NaN, 1, 2, 1, Number.NaN]), 5, { maxBatchSize: 0 });
    expect(texts(found).map((text) => text.split(":")[1])).toEqual(["2", "1", "3", "0", "4"]);
  });

  it.each<[Tensor["datatype"], ArrayBufferView, string]>([
    ["UINT8", Uint8Array.of(7, 200), "200:1"],
    ["INT8", Int8Array.of(-7, -2), "-2:1"],
    ["INT64", BigInt64Array.of(-7n, 9_007_199_254_740_993n), "9007199254740993:1"],
    ["UINT64", BigUint64Array.of(7n, 2n ** 64n - 1n), "18446744073709551615:1"],
    ["FP64", Float64Array.of(1, 1.5), "1.500000:1"],
    ["UINT16", Uint16Array.of(1, 65_535), "65535:1"],
  ])("of %s, also of bytes that begin at an odd address", (datatype, values, text) => {
    const shifted = new Uint8Array(values.byteLength + 1);
    shifted.set(new Uint8Array(values.buffer), 1);
    const output: Tensor = { name: "y", datatype, shape: [2], data: shifted.subarray(1) };
    expect(texts(classified(output, 1, { maxBatchSize: 0 }))).toEqual([text]);
  });

  it("are the same as of a whole sort, whatever the values", () => {
    const values = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 70 }), (scores, classes) => {
        const sorted = scores
          .map((value, index) => ({ value, index }))
          .sort((a, b) => b.value - a.value || a.index - b.index);
        const expected = sorted.slice(0, classes).map(({ value, index }) => `${value}.000000:${index}`);
        expect(texts(classified(tensor(scores), classes, { maxBatchSize: 0 }))).toEqual(expected);
      }),
    );
  });

  it.each(["BOOL", "FP16", "BF16", "BYTES"] as const)("are not of %s", (datatype) => {
    const output: Tensor = { name: "y", datatype, shape: [0], data: new Uint8Array(0) };
    expect(() => classified(output, 1, { maxBatchSize: 0 })).toThrow(
      `class result not available for output 'y' due to unsupported type '${datatype}'`,
    );
  });

  it("leave other outputs as they are", () => {
    const other = { ...tensor([1, 2]), name: "other" };
    const wanted = [{ name: "other" }, { name: "scores", classes: 1 }];
    const [first, second] = classifyOutputs([other, tensor([1, 2])], wanted, { maxBatchSize: 0 });
    expect(first).toBe(other);
    expect(second?.datatype).toBe("BYTES");
  });
});

describe("what a request wants", () => {
  it("is read from the outputs' parameters", () => {
    expect(wantedOutputs(undefined)).toBeUndefined();
    expect(wantedOutputs([{ name: "a" }, { name: "b", parameters: { classification: 3 } }])).toEqual([
      { name: "a" },
      { name: "b", classes: 3 },
    ]);
  });

  it("is everything where the list is empty, as where there is none", () => {
    expect(wantedOutputs([])).toBeUndefined();
  });

  it("is so many classes at most that they fit in memory", () => {
    const asked = (classification: number) => wantedOutputs([{ name: "b", parameters: { classification } }]);
    expect(asked(MOST_CLASSES)).toEqual([{ name: "b", classes: 65_536 }]);
    expect(() => asked(MOST_CLASSES + 1)).toThrow(
      expect.objectContaining({
        status: "INVALID_ARGUMENT",
        message: expect.stringMatching(/expected a count from 1 to 65536, got '65537'$/),
      }),
    );
  });

  it.each([0, -1, 1.5, "3", true])("refuses a classification of %j", (classification) => {
    expect(() => wantedOutputs([{ name: "b", parameters: { classification } }])).toThrow(
      /'classification' of output 'b': expected a count/,
    );
  });
});
