import { describe, expect, it } from "vitest";
import type { Tensor } from "../../../src/core/tensor.ts";
import {
  agreementPercent,
  answerCheck,
  createAnswerChecker,
  digestOf,
} from "../../../src/scenarios/answers.ts";

const bytesOf = ({ buffer }: { readonly buffer: ArrayBuffer }): Uint8Array => new Uint8Array(buffer);

const mask = (...ids: number[]): Tensor => ({
  name: "mask",
  datatype: "UINT8",
  shape: [1, 1, ids.length],
  data: Uint8Array.from(ids),
});

const top = (first: number, second: number, score: number): readonly Tensor[] => [
  { name: "scores", datatype: "FP32", shape: [1, 2], data: new Uint8Array(Float32Array.of(score, 0).buffer) },
  {
    name: "classes",
    datatype: "INT32",
    shape: [1, 2],
    data: new Uint8Array(Int32Array.of(first, second).buffer),
  },
];

describe("agreementPercent", () => {
  it("counts equal pixels of a mask", () => {
    expect(agreementPercent([mask(1, 2, 3, 4)], [mask(1, 2, 3, 4)])).toBe("identical");
    expect(agreementPercent([mask(1, 2, 3, 9)], [mask(1, 2, 3, 4)])).toBe(75);
  });

  it("is 0 where name, shape or number of outputs differ", () => {
    expect(agreementPercent([mask(1, 2)], [mask(1, 2, 3)])).toBe(0);
    expect(agreementPercent([], [mask(1)])).toBe(0);
    expect(agreementPercent([{ ...mask(1), name: "other" }], [mask(1)])).toBe(0);
  });

  it("finds outputs by name, whatever their order", () => {
    const other = { ...mask(9), name: "other" };
    expect(agreementPercent([other, mask(1, 2)], [mask(1, 2), other])).toBe("identical");
  });

  it("takes a thousandth for the same where there are only floating point numbers", () => {
    const floats = (...values: number[]): readonly Tensor[] => [
      {
        name: "y",
        datatype: "FP32",
        shape: [values.length],
        data: new Uint8Array(Float32Array.from(values).buffer),
      },
    ];
    const expected = floats(1, 100, 0, Number.NaN, Number.POSITIVE_INFINITY);
    expect(
      agreementPercent(floats(1.0009, 99.91, 9e-6, Number.NaN, Number.POSITIVE_INFINITY), expected),
    ).toBe(100);
    expect(agreementPercent(floats(1.0011, 99.89, 2e-5, 0, Number.NEGATIVE_INFINITY), expected)).toBe(0);
  });

  it("judges top-k by its first class", () => {
    expect(agreementPercent(top(7, 8, 0.5), top(7, 9, 0.25))).toBe(100);
    expect(agreementPercent(top(7, 8, 0.5), top(8, 7, 0.5))).toBe(0);
  });

  const tensor = (name: string, datatype: Tensor["datatype"], ...bits: number[]): Tensor => ({
    name,
    datatype,
    shape: [bits.length],
    data: datatype === "FP64" ? bytesOf(Float64Array.from(bits)) : bytesOf(Uint16Array.from(bits)),
  });
  const labels = (...ids: number[]): Tensor => ({ ...mask(...ids), name: "labels" });

  it("judges every tensor: a right one beside it does not hide a wrong one", () => {
    const boxes = (...values: number[]): Tensor => ({
      name: "boxes",
      datatype: "FP32",
      shape: [values.length],
      data: bytesOf(Float32Array.from(values)),
    });
    const expected = [boxes(1, 2, 3, 4), labels(1, 2)];
    expect(agreementPercent([boxes(1, 2, 3, 9), labels(1, 2)], expected)).toBe(75);
    expect(agreementPercent([boxes(1, 2, 3, 9), labels(7, 2)], expected)).toBe(50);
    expect(agreementPercent([boxes(1.0001, 2, 3, 4), labels(1, 2)], expected)).toBe(100);
  });

  it("takes the names of a server elsewhere for no top-k answer of its own", () => {
    expect(agreementPercent(top(7, 8, 0.5), top(7, 9, 0.25), false)).toBe(50);
    const checker = createAnswerChecker([top(7, 9, 0.25)], false);
    checker.check(top(7, 8, 0.5), 0);
    expect(checker.tally().agreementSum).toBe(50);
  });

  it.each([
    ["FP64", [1, 100, 0], [1.0009, 99.91, 9e-6], [1.0011, 99.89, 2e-5]],
    // 1 and 64, the smallest number, infinity: a unit in the last place more, then ten.
    ["FP16", [0x3c00, 0x5400, 0x0001, 0x7c00], [0x3c01, 0x5401, 0x0002, 0x7c00], [0x3c0b, 0x540b, 0x0a00, 0]],
    ["BF16", [0x3f80, 0x4280, 0x0001, 0xff80], [0x3f81, 0x4281, 0x0002, 0xff80], [0x3f83, 0x4283, 0x3a00, 0]],
  ] as const)("takes %s numbers for the same that are near enough", (datatype, expected, near, far) => {
    const of = (bits: readonly number[]): readonly Tensor[] => [tensor("y", datatype, ...bits)];
    expect(agreementPercent(of(near), of(expected))).toBe(100);
    expect(agreementPercent(of(far), of(expected))).toBe(0);
  });

  it("takes NaN for NaN in half precision", () => {
    const of = (...bits: number[]): readonly Tensor[] => [tensor("y", "FP16", ...bits)];
    expect(agreementPercent(of(0x7e00, 0xc000), of(0x7e01, 0xc000))).toBe(100);
  });

  it("judges texts whole", () => {
    const text = (...bytes: number[]): readonly Tensor[] => [
      { name: "t", datatype: "BYTES", shape: [1], data: Uint8Array.of(bytes.length, 0, 0, 0, ...bytes) },
    ];
    expect(agreementPercent(text(65, 66), text(65, 67))).toBe(0);
    expect(agreementPercent(text(65), text(65, 66))).toBe(0);
  });
});

describe("createAnswerChecker", () => {
  it("compares the first answer to each frame and every eighth after it", () => {
    const checker = createAnswerChecker([[mask(1)], [mask(2)]]);
    for (let i = 0; i < 18; i++) checker.check([mask((i % 2) + 1)], i % 2);
    expect(checker.tally()).toMatchObject({ compared: 4, identical: 4, agreementSum: 400 });
  });

  it("notices an answer that belongs to another frame", () => {
    const checker = createAnswerChecker([[mask(1)], [mask(2)]]);
    checker.check([mask(2)], 0);
    expect(answerCheck(checker.tally(), true)).toEqual({ check: "differs", agreementPercent: 0 });
  });

  it("compares nothing without a reference", () => {
    const checker = createAnswerChecker(undefined);
    checker.check([mask(2)], 0);
    expect(answerCheck(checker.tally(), true)).toEqual({ check: "unchecked", agreementPercent: undefined });
  });
});

describe("answerCheck", () => {
  const tally = { compared: 10, identical: 9, agreementSum: 999.5 };

  it("agrees from 99.9 % on where bytes need not be equal", () => {
    expect(answerCheck(tally, false)).toEqual({ check: "agrees", agreementPercent: 99.95 });
    expect(answerCheck(tally, true).check).toBe("differs");
    expect(answerCheck({ ...tally, agreementSum: 990 }, false).check).toBe("differs");
  });
});

describe("digestOf", () => {
  it("stays the same for the same answers: versions are compared by it", () => {
    expect(digestOf([[mask(1)], [mask(2)]])).toBe("19a63159e7d1975b3ed033e8a4a49393");
    expect(createAnswerChecker([[mask(1)], [mask(2)]]).tally().digest).toBe(digestOf([[mask(1)], [mask(2)]]));
  });

  it("differs with a byte, a name, a shape, or the order of frames", () => {
    const digests = [
      [[mask(1, 2)]],
      [[mask(1, 3)]],
      [[{ ...mask(1, 2), name: "other" }]],
      [[{ ...mask(1, 2), shape: [1, 2, 1] }]],
      [[mask(1)], [mask(2)]],
      [[mask(2)], [mask(1)]],
    ].map(digestOf);
    expect(new Set(digests).size).toBe(digests.length);
  });

  it("is absent without a reference", () => {
    expect(createAnswerChecker(undefined).tally().digest).toBeUndefined();
  });
});
