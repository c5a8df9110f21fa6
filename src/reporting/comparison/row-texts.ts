import type { ComparisonRow } from "./comparison.ts";

/** A ratio as a change: `+3.1 %`, `-0.4 %`; `×3.52` from twice as much on; `-` for what is not there. */
export function ratioText(ratio: number | undefined): string {
  if (ratio === undefined || Number.isNaN(ratio)) return "-";
  if (ratio >= 2) return `×${ratio < 100 ? ratio.toPrecision(3) : ratio.toFixed(0)}`;
  const percent = (100 * (ratio - 1)).toFixed(1);
  return `${ratio > 1 && percent !== "0.0" ? "+" : ""}${percent === "-0.0" ? "0.0" : percent} %`;
}

/** `+3.1 %`, with `≥` where a value lies among unanswered requests. */
export function changeText({ ratio, censored }: Pick<ComparisonRow, "ratio" | "censored">): string {
  return `${censored ? "≥ " : ""}${ratioText(ratio)}`;
}

/** `-1.2 … +7.4 %`. */
export function intervalText({ ratioLow, ratioHigh }: Pick<ComparisonRow, "ratioLow" | "ratioHigh">): string {
  if (ratioLow === undefined || ratioHigh === undefined) return "-";
  const [low, high] = [ratioText(ratioLow), ratioText(ratioHigh)];
  return `${high.endsWith(" %") ? low.replace(" %", "") : low} … ${high}`;
}

/** Milliseconds with three or four digits that count. */
export function msText(ms: number | undefined): string {
  if (ms === undefined) return "-";
  return ms.toFixed(ms < 10 ? 3 : ms < 100 ? 2 : ms < 1000 ? 1 : 0);
}

/** A probability: three decimals, below them two digits that count. */
export function probabilityText(p: number | undefined): string {
  if (p === undefined) return "-";
  if (p >= 0.001) return p.toFixed(3);
  return p < 1e-6 ? "< 0.000001" : p.toFixed(6).replace(/0+$/, "");
}

/** The same in a table's column: three decimals. */
export function shortProbabilityText(p: number | undefined): string {
  return p !== undefined && p < 0.001 ? "<0.001" : probabilityText(p);
}

/** `= 0.031`, `< 0.000001`: what follows a `p`. */
export function probabilityPhrase(p: number): string {
  const text = probabilityText(p);
  return text.startsWith("<") ? text : `= ${text}`;
}

/** A change that could go either way: `±2.0 %`. */
export function sizeText(ratio: number | undefined): string {
  if (ratio === undefined) return "-";
  return ratio >= 2 ? ratioText(ratio) : `${(100 * (ratio - 1)).toFixed(1)} %`;
}
