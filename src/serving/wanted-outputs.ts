import { TransportError } from "../core/errors.ts";
import type { RequestedOutput } from "../core/inference.ts";

/** Triton's parameter of a requested output: how many classes to name instead of the tensor. */
const CLASSIFICATION = "classification";
/** Each class is an object and a text: a request for as many as a large tensor has values would take all memory. */
export const MOST_CLASSES = 65_536;

/** An output that is wanted. Plain data. */
export interface WantedOutput {
  readonly name: string;
  /** How many of the greatest values to name instead of the tensor; absent: the tensor itself. */
  readonly classes?: number | undefined;
}

/**
 * The outputs that a request asks for; undefined: all of them, as they are (a request that names none asks for all).
 * @throws {TransportError} INVALID_ARGUMENT for a `classification` that is no count, or above {@link MOST_CLASSES}.
 */
export function wantedOutputs(
  outputs: readonly RequestedOutput[] | undefined,
): readonly WantedOutput[] | undefined {
  if (outputs === undefined || outputs.length === 0) return undefined;
  return outputs.map(({ name, parameters }) => {
    const classes = parameters?.[CLASSIFICATION];
    if (classes === undefined) return { name };
    const isCount = typeof classes === "number" && Number.isSafeInteger(classes);
    if (isCount && classes > 0 && classes <= MOST_CLASSES) return { name, classes };
    throw new TransportError(
      "INVALID_ARGUMENT",
      `invalid value for parameter '${CLASSIFICATION}' of output '${name}': expected a count from 1 to ${MOST_CLASSES}, got '${classes}'`,
    );
  });
}

/** Whether any output is to be classified. */
export function wantsClasses(wanted: readonly WantedOutput[] | undefined): boolean {
  return wanted?.some(({ classes }) => classes !== undefined) ?? false;
}
