const UNIT_MS: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * Milliseconds of a duration text: `250ms`, `10s`, `1.5m`, `2h`, `500us`; a bare number means seconds.
 * `undefined` when the text is none, or not finite, or negative.
 */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s|m|h)?$/.exec(text.trim());
  if (match === null) return undefined;
  const ms = Number(match[1]) * (UNIT_MS[match[2] ?? "s"] ?? Number.NaN);
  return Number.isFinite(ms) ? ms : undefined;
}
