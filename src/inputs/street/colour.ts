/** A colour as one number, 0xRRGGBB; {@link CLEAR} where there is none. */
export const CLEAR = -1;

/** Red, green and blue, each cut to 0 to 255, as one number. */
export function packed(red: number, green: number, blue: number): number {
  return (level(red) << 16) | (level(green) << 8) | level(blue);
}

/** A colour made lighter (factor above 1) or darker. */
export function scaled(colour: number, factor: number): number {
  return packed((colour >> 16) * factor, ((colour >> 8) & 255) * factor, (colour & 255) * factor);
}

/** `part` of `to` in `from`, 0 to 1. */
export function mixed(from: number, to: number, part: number): number {
  const mix = (shift: number): number => {
    const a = (from >> shift) & 255;
    return a + (((to >> shift) & 255) - a) * part;
  };
  return packed(mix(16), mix(8), mix(0));
}

function level(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : (value + 0.5) | 0;
}
