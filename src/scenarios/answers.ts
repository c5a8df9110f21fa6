import { createHash } from "node:crypto";
import { DATATYPE_BYTES, type Tensor } from "../core/tensor.ts";
import type { AnswerCheck } from "../core/verdict.ts";
import { closeNumbers } from "./close-numbers.ts";

/** The final answers of the reference run, by frame. */
export type ReferenceAnswers = readonly (readonly Tensor[])[];

/** What a run found when it compared its answers. Plain data. */
export interface AnswerTally {
  /** Answers compared with the reference. */
  readonly compared: number;
  /** Of these, equal byte for byte. */
  readonly identical: number;
  /** Sum over the compared answers of the percentage of equal elements. */
  readonly agreementSum: number;
  /** Of the reference answers: two runs with the same frames and another digest had another net, or another answer of it. */
  readonly digest?: string | undefined;
}

export const NO_ANSWERS: AnswerTally = { compared: 0, identical: 0, agreementSum: 0 };

/** After a frame's first answer every so many of its answers are compared. */
export const EVERY = 8;

/** Below this class agreement answers differ, where bytes need not be equal. */
const AGREES_PERCENT = 99.9;

export interface AnswerChecker {
  /** Compares the first answer to each frame and every eighth after it; takes its time outside of every mark. */
  check(answer: readonly Tensor[], frameIndex: number): void;
  tally(): AnswerTally;
  /** What later runs are to compare with, frames without an answer empty; `undefined`: nothing new was learned. */
  learned(): ReferenceAnswers | undefined;
}

/**
 * Compares answers with those of the reference run; without one it only counts nothing.
 * @param isOwn - as in {@link agreementPercent}.
 */
export function createAnswerChecker(reference: ReferenceAnswers | undefined, isOwn = true): AnswerChecker {
  const seen = new Uint32Array(reference?.length ?? 0);
  let compared = 0;
  let identical = 0;
  let agreementSum = 0;
  const digest = reference === undefined ? undefined : digestOf(reference);
  return {
    check(answer, frameIndex) {
      const expected = reference?.[frameIndex];
      const times = seen[frameIndex] ?? 0;
      seen[frameIndex] = times + 1;
      if (expected === undefined || times % EVERY !== 0) return;
      const percent = agreementPercent(answer, expected, isOwn);
      compared++;
      if (percent === "identical") identical++;
      agreementSum += percent === "identical" ? 100 : percent;
    },
    tally: () => ({ compared, identical, agreementSum, digest }),
    learned: () => undefined,
  };
}

/** Of a tensor's bytes so many from its beginning: logits of 168 MB a frame would cost a second a run. */
const DIGESTED_BYTES = 1 << 20;

/**
 * SHA-256 of the answers' names, datatypes, shapes and bytes, 32 hexadecimal digits. Versions are compared by it (`gate`), so what
 * it is made of stays as it is.
 */
export function digestOf(answers: ReferenceAnswers): string {
  const hash = createHash("sha256");
  for (const tensor of answers.flat()) {
    hash.update(`${tensor.name}\0${tensor.datatype}\0${tensor.shape.join()}\0${tensor.data.byteLength}\0`);
    hash.update(tensor.data.subarray(0, DIGESTED_BYTES));
  }
  return hash.digest("hex").slice(0, 32);
}

/**
 * What a tally says. `agrees` exists only where bytes need not be equal.
 * @param exact - lossless encoding, CPU, no batching: one byte off is a difference.
 */
export function answerCheck(
  tally: AnswerTally,
  exact: boolean,
): { readonly check: AnswerCheck; readonly agreementPercent: number | undefined } {
  if (tally.compared === 0) return { check: "unchecked", agreementPercent: undefined };
  const agreementPercent = tally.agreementSum / tally.compared;
  if (tally.identical === tally.compared) return { check: "identical", agreementPercent: 100 };
  return { check: !exact && agreementPercent >= AGREES_PERCENT ? "agrees" : "differs", agreementPercent };
}

/**
 * `identical`, or how far the answers agree: of each tensor the percentage of equal elements, the least of all. Floating point
 * agrees within a thousandth ({@link closeNumbers}): another number of threads sums in another order. Of wirebench's own top-k
 * answer it is whether the first class is the same. 0 where names, types or shapes differ.
 *
 * @param isOwn - wirebench made the answers; false: a server elsewhere did, whose names mean nothing here. @default true
 */
export function agreementPercent(
  answer: readonly Tensor[],
  expected: readonly Tensor[],
  isOwn = true,
): number | "identical" {
  if (answer.length !== expected.length) return 0;
  const pairs: { readonly a: Tensor; readonly b: Tensor }[] = [];
  let same = true;
  for (const a of expected) {
    // Servers may order outputs as they like.
    const b = answer.find(({ name }) => name === a.name);
    if (b === undefined || a.datatype !== b.datatype || a.shape.join() !== b.shape.join()) return 0;
    same &&= Buffer.compare(a.data, b.data) === 0;
    pairs.push({ a, b });
  }
  if (same) return "identical";
  const ranked = isOwn && pairs.length === 2 && pairs.every(({ a }) => TOP_K.includes(a.name));
  if (ranked) {
    return firstClass(expected) === firstClass(answer) ? 100 : 0;
  }
  return Math.min(...pairs.map(({ a, b }) => equalPercent(a, b)));
}

/** The outputs of a top-k answer. */
const TOP_K: readonly string[] = ["scores", "classes"];

/** The bytes of the first class, as text. */
function firstClass(answer: readonly Tensor[]): string | undefined {
  const classes = answer.find(({ name }) => name === "classes");
  return classes?.data.subarray(0, DATATYPE_BYTES[classes.datatype]).join();
}

function equalPercent({ datatype, data: expected }: Tensor, { data: found }: Tensor): number {
  if (Buffer.compare(expected, found) === 0) return 100;
  const bytes = DATATYPE_BYTES[datatype];
  // Elements of BYTES have no place of their own.
  if (bytes === 0 || expected.byteLength !== found.byteLength) return 0;
  const elements = expected.byteLength / bytes;
  const equal =
    closeNumbers(datatype, expected, found) ?? equalElements(expected, found, { elements, bytes });
  return (100 * equal) / elements;
}

function equalElements(
  a: Uint8Array,
  b: Uint8Array,
  { elements, bytes }: { readonly elements: number; readonly bytes: number },
): number {
  let equal = 0;
  for (let element = 0, at = 0; element < elements; element++, at += bytes) {
    let same = true;
    for (let i = at; i < at + bytes; i++) same &&= a[i] === b[i];
    if (same) equal++;
  }
  return equal;
}
