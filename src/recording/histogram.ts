import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, JsHistogram } from "hdr-histogram-js";

/** Largest value that is told apart, nanoseconds (24 h); larger ones count as this. */
const HIGHEST_NS = 86_400e9;

/**
 * Whole nanoseconds counted in buckets of at most 0.1 % width (3 significant digits).
 * @see https://github.com/HdrHistogram/HdrHistogramJS
 */
export interface Histogram {
  readonly count: number;
  /**
   * Rounds to whole nanoseconds: fractions would all fall into the bucket of 0.
   * @param ns - not negative.
   * @param count - how often. @default 1
   */
  record(ns: number, count?: number): void;
  /** The largest whole number of nanoseconds in the bucket of a value. */
  bucketEnd(ns: number): number;
  /** Adds all of another one's values. */
  add(other: Histogram): void;
  /** The value at a rank from 1 (smallest) to `count`: the upper end of its bucket, at most 0.1 % too high. */
  atRank(rank: number): number;
  /** HdrHistogram's V2 compressed encoding in base64, as other languages' libraries read it. */
  encode(): string;
}

type Hdr = ReturnType<typeof build>;
const hdrOf = new WeakMap<Histogram, Hdr>();

export function createHistogram(): Histogram {
  return wrap(
    build({
      bitBucketSize: 32,
      autoResize: false,
      lowestDiscernibleValue: 1,
      highestTrackableValue: HIGHEST_NS,
      numberOfSignificantValueDigits: 3,
      useWebAssembly: false,
    }),
  );
}

/** @throws {Error} when the text is no histogram. */
export function decodeHistogram(base64: string): Histogram {
  return wrap(decodeFromCompressedBase64(base64, 32, false, HIGHEST_NS));
}

function wrap(hdr: Hdr): Histogram {
  const histogram: Histogram = {
    get count() {
      return hdr.totalCount;
    },
    record(ns, count = 1) {
      hdr.recordValueWithCount(Math.min(Math.round(ns), HIGHEST_NS), count);
    },
    bucketEnd(ns) {
      const value = Math.min(Math.round(ns), HIGHEST_NS);
      return hdr instanceof JsHistogram ? hdr.highestEquivalentValue(value) : value;
    },
    add(other) {
      hdr.add(hdrOf.get(other)!);
    },
    atRank(rank) {
      // Half a rank below the percentile of `rank`: HdrHistogram rounds up to it whatever the floating-point error.
      return hdr.getValueAtPercentile((100 * (rank - 0.5)) / hdr.totalCount);
    },
    encode: () => encodeIntoCompressedBase64(hdr),
  };
  hdrOf.set(histogram, hdr);
  return histogram;
}
