import type { Tensor } from "../core/tensor.ts";
import { type AnswerChecker, agreementPercent, EVERY, type ReferenceAnswers } from "./answers.ts";

/** Answers of all frames together that a run keeps to compare others with. */
const LEARNED_BYTES = 268_435_456;

/**
 * Compares answers with the first to the same frame, of this run or of one before: a server that contradicts itself is found out.
 * Later answers are compared from the second on.
 *
 * @param known - of the runs before, by frame; an empty or absent one is learned. Bytes are copied.
 * @param isOwn - as in {@link agreementPercent}.
 */
export function createLearningChecker(known: ReferenceAnswers, isOwn = true): AnswerChecker {
  const answers = [...known];
  const seen: number[] = [];
  let keptBytes = answers.flat().reduce((sum, { data }) => sum + data.byteLength, 0);
  let hasLearned = false;
  let compared = 0;
  let identical = 0;
  let agreementSum = 0;
  const learn = (answer: readonly Tensor[], frameIndex: number): void => {
    const bytes = answer.reduce((sum, { data }) => sum + data.byteLength, 0);
    if (keptBytes + bytes > LEARNED_BYTES) return;
    hasLearned = true;
    keptBytes += bytes;
    answers[frameIndex] = answer.map((tensor) => ({ ...tensor, data: new Uint8Array(tensor.data) }));
  };
  return {
    check(answer, frameIndex) {
      const times = seen[frameIndex] ?? 0;
      seen[frameIndex] = times + 1;
      const expected = answers[frameIndex];
      if (expected === undefined || expected.length === 0) {
        learn(answer, frameIndex);
        return;
      }
      if (times > 1 && times % EVERY !== 0) return;
      const percent = agreementPercent(answer, expected, isOwn);
      compared++;
      if (percent === "identical") identical++;
      agreementSum += percent === "identical" ? 100 : percent;
    },
    tally: () => ({ compared, identical, agreementSum }),
    learned: () => (hasLearned ? Array.from(answers, (answer) => answer ?? []) : undefined),
  };
}
