/**
 * Comma-separated texts of floating-point numbers: FP32 in at most nine significant digits, six where they are enough,
 * so that the text reads back to the same bits; FP64 as JavaScript writes it. Whole numbers end in `.0`, so that readers
 * take them for floating point; NaN and infinities are the words of TensorFlow Serving.
 *
 * @see https://github.com/tensorflow/serving/blob/master/tensorflow_serving/util/json_tensor.cc
 */
export function floatTexts(array: Float32Array | Float64Array): {
  flat(from: number, to: number): string;
  rows(from: number, to: number, columns: number): string;
} {
  const shorten = array instanceof Float32Array ? shortest : (value: number): number => value;
  const text = (from: number, to: number, columns: number | undefined): string => {
    let isPlain = true;
    let isFraction = true;
    const rows: number[][] = [];
    let row: number[] = [];
    const length = columns ?? to - from;
    for (let at = from; at < to; at++) {
      const value = array[at] as number;
      // JSON.stringify would write null, and lose the sign of zero.
      if (!Number.isFinite(value) || Object.is(value, -0)) isPlain = false;
      if (Number.isInteger(value)) isFraction = false;
      row.push(shorten(value));
      if (row.length === length) {
        rows.push(row);
        row = [];
      }
    }
    const body =
      isPlain && isFraction
        ? JSON.stringify(rows).slice(1, -1)
        : rows.map((values) => `[${values.map(oneFloat).join(",")}]`).join(",");
    return columns === undefined ? body.slice(1, -1) : body;
  };
  return {
    flat: (from, to) => (from === to ? "" : text(from, to, undefined)),
    rows: (from, to, columns) => text(from, to, columns),
  };
}

function oneFloat(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const text = Object.is(value, -0) ? "-0" : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/**
 * The double with the fewest decimal digits (six, else at most nine) that rounds to this FP32 number; JavaScript then
 * writes just these digits.
 */
function shortest(value: number): number {
  const size = Math.abs(value);
  // Outside, scaling by a power of ten is not exact enough; such numbers are rare and get all their digits.
  if (!(size >= 1e-6 && size < 1e6)) return value;
  let whole = 1;
  for (let power = 1; size >= power; power *= 10) whole += 1;
  let zeros = 0;
  for (let scaled = size * 10; scaled < 1; scaled *= 10) zeros += 1;
  // Places behind the point for six and for nine significant digits.
  const places = whole > 1 ? 7 - whole : 6 + zeros;
  const sixth = POWERS[places] as number;
  const six = Math.round(value * sixth) / sixth;
  if (Math.fround(six) === value) return six;
  const ninth = POWERS[places + 3] as number;
  const nine = Math.round(value * ninth) / ninth;
  return Math.fround(nine) === value ? nine : value;
}

/** Exact powers of ten. */
const POWERS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);
