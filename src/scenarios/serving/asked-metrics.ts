import type { MetricsPage, MetricsSource } from "../../core/metrics-source.ts";

/** A process's side of the metrics of all: it asks the conductor, which asks every process, this one too. */
export interface AskedMetrics extends MetricsSource {
  /** The conductor's answer to a question. */
  settle(number: number, page: MetricsPage): void;
}

/** @param ask - asks the conductor the question of this number. */
export function createAskedMetrics(ask: (number: number) => void): AskedMetrics {
  const waiting = new Map<number, (page: MetricsPage) => void>();
  let next = 0;
  return {
    page() {
      const number = next++;
      return new Promise((resolve) => {
        waiting.set(number, resolve);
        ask(number);
      });
    },
    settle(number, page) {
      waiting.get(number)?.(page);
      waiting.delete(number);
    },
  };
}
