import { createHash } from "node:crypto";
import { DATATYPE_BYTES, type Tensor } from "../core/tensor.ts";
import type { AnswerCheck } from "../core/verdict.ts";

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
  /** What answers are compared with, frames that had none completed where the checker learns. */
  learned(): ReferenceAnswers;
}

/** Compares answers with those of the reference run; without one it only counts nothing. */
export function createAnswerChecker(reference: ReferenceAnswers | undefined): AnswerChecker {
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
      const percent = agreementPercent(answer, expected);
      compared++;
      if (percent === "identical") identical++;
      agreementSum += percent === "identical" ? 100 : percent;
    },
    tally: () => ({ compared, identical, agreementSum, digest }),
    learned: () => reference ?? [],
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
 * `identical`, or the percentage of equal elements of the integer tensors (a mask's classes); of a top-k answer whether
 * the first class is the same; of answers without integers, of all elements, where floating point agrees within a thousandth (and
 * a hundred thousandth near zero): another number of threads sums in another order. 0 where names, types or shapes differ.
 */
export function agreementPercent(
  answer: readonly Tensor[],
  expected: readonly Tensor[],
): number | "identical" {
  if (answer.length !== expected.length) return 0;
  // Servers may order outputs as they like.
  const pairs = expected.map((tensor) => ({
    tensor,
    other: answer.find(({ name }) => name === tensor.name),
  }));
  const judged: { readonly a: Tensor; readonly b: Tensor }[] = [];
  let same = true;
  for (const { tensor: a, other: b } of pairs) {
    if (b === undefined || a.datatype !== b.datatype || a.shape.join() !== b.shape.join()) return 0;
    same &&= Buffer.compare(a.data, b.data) === 0;
    judged.push({ a, b });
  }
  if (same) return "identical";
  const integers = judged.filter(({ a }) => /^U?INT/.test(a.datatype));
  let equal = 0;
  let count = 0;
  for (const { a, b } of integers.length > 0 ? integers : judged) {
    const bytes = DATATYPE_BYTES[a.datatype] || a.data.byteLength;
    const elements = a.name === "classes" ? 1 : a.data.byteLength / bytes;
    count += elements;
    equal +=
      a.datatype === "FP32"
        ? closeElements(a.data, b.data)
        : equalElements(a.data, b.data, { elements, bytes });
  }
  return count === 0 ? 0 : (100 * equal) / count;
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

const RELATIVE = 1e-3;
const ABSOLUTE = 1e-5;

/** How many numbers of FP32 tensors agree; NaN agrees with NaN. */
function closeElements(a: Uint8Array, b: Uint8Array): number {
  const left = new DataView(a.buffer, a.byteOffset, a.byteLength);
  const right = new DataView(b.buffer, b.byteOffset, b.byteLength);
  let close = 0;
  for (let at = 0; at < a.byteLength; at += 4) {
    const x = left.getFloat32(at, true);
    const y = right.getFloat32(at, true);
    const isClose = Number.isFinite(x) && Math.abs(x - y) <= ABSOLUTE + RELATIVE * Math.abs(x);
    if (isClose || x === y || (Number.isNaN(x) && Number.isNaN(y))) close++;
  }
  return close;
}
