/** How far the numbers of a cell can be trusted, best first. */
export const VERDICTS = ["VALID", "SMOKE", "UNSTABLE", "OVERLOADED", "INVALID", "FAILED"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** `unchecked`: there was nothing to compare with (a foreign server). */
export type AnswerCheck = "identical" | "agrees" | "differs" | "unchecked";
