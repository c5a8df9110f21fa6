/**
 * A number as spreadsheets import it: `.` decimal, no grouping, no exponent, at most six decimals (a nanosecond, where the
 * unit is the millisecond). The empty text for what is not available.
 */
export function plainNumber(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "";
  const text = value.toFixed(6).replace(/\.?0+$/, "");
  return text === "-0" ? "0" : text;
}
