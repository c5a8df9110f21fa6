import { z } from "zod";
import { parseDurationMs } from "./duration.ts";

/** A text that must be a finite number within limits. */
function numberText(expected: string, isGood: (value: number) => boolean) {
  return z.string().transform((text, context) => {
    const value = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (Number.isFinite(value) && isGood(value)) return value;
    context.addIssue({ code: "custom", message: `expected ${expected}, got '${text}'` });
    return z.NEVER;
  });
}

/** `5%` or `0.05`, 0.05 afterwards. */
const resolution = z.string().transform((text, context) => {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim());
  const share = Number(match?.[1]) / (match?.[2] === "%" ? 100 : 1);
  if (share >= 0.005 && share <= 0.5) return share;
  context.addIssue({ code: "custom", message: `expected 0.5% to 50%, got '${text}'` });
  return z.NEVER;
});

const probeDuration = z.string().transform((text, context) => {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms >= 200 && ms <= 3_600_000) return ms;
  context.addIssue({ code: "custom", message: `expected a duration from 200ms to 1h, got '${text}'` });
  return z.NEVER;
});

/** The options that only `peak` has, as they stand on the command line. */
export const peakSchema = z.strictObject({
  startRate: numberText(
    "a rate above 0 and up to 1000000",
    (rate) => rate > 0 && rate <= 1_000_000,
  ).optional(),
  resolution: resolution.optional(),
  maxProbes: numberText(
    "a whole number from 3 to 100",
    (count) => Number.isInteger(count) && count >= 3 && count <= 100,
  ).optional(),
  probeDuration: probeDuration.optional(),
});

export type PeakSettings = z.output<typeof peakSchema>;
