/** One value of a metric, as prom-client's registry takes it. */
export interface MetricSample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** One series of a histogram. */
export interface DurationSeries {
  /** @param ns - nanoseconds. */
  observe(ns: number): void;
}

/** A histogram of durations; in its metric they are seconds. */
export interface DurationHistogram {
  readonly name: string;
  readonly help: string;
  readonly type: "histogram";
  /** How several processes' histograms become one. */
  readonly aggregator: "sum";
  /** A new series: keep it, there is no other way to count. */
  series(labels: Readonly<Record<string, string>>): DurationSeries;
  /** How a registry reads a metric. */
  get(): {
    readonly name: string;
    readonly help: string;
    readonly type: "histogram";
    readonly aggregator: "sum";
    readonly values: readonly MetricSample[];
  };
}

/** Upper ends of the buckets, seconds: 10 µs to 10 s, three a decade. */
const BUCKETS_SECONDS: readonly number[] = [
  1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1, 2.5, 5,
  10,
];
const BUCKETS_NS = BUCKETS_SECONDS.map((seconds) => seconds * 1e9);

interface Counts {
  readonly labels: Readonly<Record<string, string>>;
  /** One for each bucket and one for what is longer. */
  readonly buckets: Float64Array;
  sumNs: number;
}

/**
 * A histogram that prom-client's registry can read, in place of its own: that one's `observe` builds a text of all labels
 * and looks it up, about a microsecond each time, where this one adds to an array.
 */
export function createDurationHistogram(name: string, help: string): DurationHistogram {
  const all: Counts[] = [];
  return {
    name,
    help,
    type: "histogram",
    aggregator: "sum",
    series(labels) {
      const counts: Counts = { labels, buckets: new Float64Array(BUCKETS_NS.length + 1), sumNs: 0 };
      all.push(counts);
      return {
        observe(ns) {
          let bucket = 0;
          while (bucket < BUCKETS_NS.length && ns > BUCKETS_NS[bucket]!) bucket += 1;
          counts.buckets[bucket]! += 1;
          counts.sumNs += ns;
        },
      };
    },
    get: () => ({
      name,
      help,
      type: "histogram",
      aggregator: "sum",
      values: all.flatMap((counts) => samplesOf(name, counts)),
    }),
  };
}

/** Buckets are cumulative: each holds all that is not longer than its end. */
function samplesOf(name: string, { labels, buckets, sumNs }: Counts): MetricSample[] {
  let count = 0;
  const samples = [...BUCKETS_SECONDS, "+Inf"].map((le, i): MetricSample => {
    count += buckets[i]!;
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
  });
  return [
    ...samples,
    { metricName: `${name}_sum`, labels, value: sumNs / 1e9 },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
