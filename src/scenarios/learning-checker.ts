import type { Tensor } from "../core/tensor.ts";
import { type AnswerChecker, agreementPercent, EVERY, type ReferenceAnswers } from "./answers.ts";

/** Answers of all frames together that a run keeps to compare others with. */
const LEARNED_BYTES = 268_435_456;

/**
 * What was kept before, with what it lacks out of what was learned since: of a frame both know, the first answer stays. Never
 * more than a run keeps. Several generators send each frame of a schedule to one of them.
 */
export function mergeLearned(known: ReferenceAnswers, learned: ReferenceAnswers): ReferenceAnswers {
  let keptBytes = bytesOf(known.flat());
  return Array.from({ length: Math.max(known.length, learned.length) }, (_, frameIndex) => {
    const first = known[frameIndex] ?? [];
    const since = learned[frameIndex] ?? [];
    if (first.length > 0 || keptBytes + bytesOf(since) > LEARNED_BYTES) return first;
    keptBytes += bytesOf(since);
    return since;
  });
}

function bytesOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
}

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
  let keptBytes = bytesOf(answers.flat());
  let hasLearned = false;
  let compared = 0;
  let identical = 0;
  let agreementSum = 0;
  const learn = (answer: readonly Tensor[], frameIndex: number): void => {
    const bytes = bytesOf(answer);
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
