import type { MetricsPage } from "../../core/metrics-source.ts";
import { type MetricsSnapshot, mergedCounts, mergedPage } from "../../serving/metrics.ts";
import { within } from "./within.ts";

/**
 * The metrics of all processes of a pool together. What was last heard of a process stays in the sums when it has ended:
 * a counter must not fall because one was replaced.
 */
export class PoolMetrics<Worker extends object> {
  readonly #answerMs: number;
  readonly #last = new Map<Worker, MetricsSnapshot>();
  readonly #ended = new WeakSet<Worker>();
  #ofEnded: MetricsSnapshot[] = [];

  /** @param answerMs - how long a process may take to answer. */
  constructor(answerMs = 2_000) {
    this.#answerMs = answerMs;
  }

  /**
   * Asks every process; for one that does not answer in time, what it told last counts.
   * @param ask - rejects for a process that ends meanwhile.
   */
  async page(
    workers: Iterable<Worker>,
    ask: (worker: Worker) => Promise<MetricsSnapshot>,
  ): Promise<MetricsPage> {
    const asked = [...workers].map(async (worker) => {
      const snapshot = await ask(worker);
      if (!this.#ended.has(worker)) this.#last.set(worker, snapshot);
    });
    await within(this.#answerMs, Promise.allSettled(asked));
    if (this.#ofEnded.length > 1) {
      const ended = this.#ofEnded;
      const merged = await mergedCounts(ended);
      // Meanwhile others may have ended, and another page may have put them together already.
      if (this.#ofEnded[0] === ended[0]) this.#ofEnded = [merged, ...this.#ofEnded.slice(ended.length)];
    }
    return mergedPage([...this.#last.values(), ...this.#ofEnded]);
  }

  /** Of a process that has ended only the counts remain. */
  ended(worker: Worker): void {
    this.#ended.add(worker);
    const last = this.#last.get(worker);
    if (last === undefined) return;
    this.#last.delete(worker);
    this.#ofEnded = [...this.#ofEnded, last.filter(({ type }) => type !== "gauge")];
  }
}
