import { describe, expect, it } from "vitest";
import type { Tensor } from "../../../src/core/tensor.ts";
import { createLearningChecker, mergeLearned } from "../../../src/scenarios/learning-checker.ts";

const mask = (...ids: number[]): readonly Tensor[] => [
  { name: "mask", datatype: "UINT8", shape: [1, ids.length], data: Uint8Array.from(ids) },
];

describe("createLearningChecker", () => {
  it("compares with the first answer to the same frame, from the second on", () => {
    const checker = createLearningChecker([]);
    checker.check(mask(1, 2), 0);
    checker.check(mask(3, 4), 2);
    expect(checker.tally()).toEqual({ compared: 0, identical: 0, agreementSum: 0 });
    checker.check(mask(1, 2), 0);
    checker.check(mask(3, 9), 2);
    expect(checker.tally()).toEqual({ compared: 2, identical: 1, agreementSum: 150 });
  });

  it("hands what it learned to the next run, holes for frames that had no answer", () => {
    const first = createLearningChecker([]);
    const own = mask(3, 4);
    first.check(own, 2);
    own[0]?.data.fill(0);
    const learned = first.learned();
    expect(learned).toEqual([[], [], mask(3, 4)]);
    const second = createLearningChecker(learned ?? []);
    second.check(mask(3, 4), 2);
    second.check(mask(7, 7), 0);
    second.check(mask(7, 8), 0);
    expect(second.tally()).toEqual({ compared: 2, identical: 1, agreementSum: 150 });
    expect(second.learned()?.[0]).toEqual(mask(7, 7));
    expect(learned?.[0]).toEqual([]);
  });

  it("has nothing to hand on where every frame was known", () => {
    const checker = createLearningChecker([mask(1, 2)]);
    checker.check(mask(1, 3), 0);
    expect(checker.tally().compared).toBe(1);
    expect(checker.learned()).toBeUndefined();
    expect(createLearningChecker([]).learned()).toBeUndefined();
  });
});

describe("mergeLearned", () => {
  it("puts together what generators learned of other frames each, and keeps the first answer to one", () => {
    const merged = mergeLearned([[], mask(1), []], [mask(2), mask(3), [], mask(4)]);
    expect(merged).toEqual([mask(2), mask(1), [], mask(4)]);
    expect(mergeLearned([], [mask(2)])).toEqual([mask(2)]);
    expect(mergeLearned([mask(2)], [])).toEqual([mask(2)]);
  });

  it("keeps no more than one run does", () => {
    const large = (): readonly Tensor[] => [
      { name: "logits", datatype: "UINT8", shape: [1, 200e6], data: new Uint8Array(200e6) },
    ];
    const [first, second, third] = mergeLearned([large()], [[], large(), mask(1)]);
    expect([first?.length, second?.length, third?.length]).toEqual([1, 0, 1]);
  });
});
