/** Shares of the peak at which a curve has points, so that every curve can be read in the same way. */
const SHARES = [0.25, 0.5, 0.75, 0.9, 1.1] as const;
/** A rate so near has been measured already. */
const NEAR = 0.04;

/**
 * The rates that a curve still lacks, ascending.
 * @param measured - rates that were tried already.
 */
export function curveRates(peakPerSec: number, measured: readonly number[]): readonly number[] {
  return SHARES.map((share) => Number((share * peakPerSec).toPrecision(4))).filter(
    (rate) => !measured.some((known) => Math.abs(known - rate) <= NEAR * rate),
  );
}
