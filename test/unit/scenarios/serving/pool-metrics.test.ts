import { describe, expect, it } from "vitest";
import type { ModelStatistics } from "../../../../src/core/metadata.ts";
import { PoolMetrics } from "../../../../src/scenarios/serving/pool-metrics.ts";
import { createMetrics, type Metrics } from "../../../../src/serving/metrics.ts";

const NONE = { count: 0, ns: 0 };

/** A process with a model that has run so many inferences. */
class FakeWorker {
  inferences = 0;
  readonly metrics: Metrics;

  constructor() {
    this.metrics = createMetrics({ statistics: () => [this.#statistics()] });
  }

  #statistics(): ModelStatistics {
    return {
      name: "net",
      version: "1",
      lastInferenceMs: 0,
      inferenceCount: this.inferences,
      executionCount: this.inferences,
      success: NONE,
      fail: NONE,
      queue: NONE,
      computeInput: NONE,
      computeInfer: NONE,
      computeOutput: NONE,
      batches: [],
      pendingCount: 3,
    };
  }
}

const ask = (worker: FakeWorker) => worker.metrics.snapshot();
const sample = (text: string, name: string): number =>
  Number(new RegExp(`^${name}\\{model="net",version="1"\\} (\\d+)$`, "m").exec(text)?.[1]);

async function countsOf(pool: PoolMetrics<FakeWorker>, workers: readonly FakeWorker[]) {
  const { text } = await pool.page(workers, ask);
  return [sample(text, "nv_inference_count"), sample(text, "nv_inference_pending_request_count")];
}

describe("the metrics of a pool", () => {
  it("are the sum of all, and do not fall when processes are replaced", async () => {
    const pool = new PoolMetrics<FakeWorker>();
    let workers = [new FakeWorker(), new FakeWorker()];
    let total = 0;
    for (let round = 0; round < 4; round++) {
      for (const worker of workers) worker.inferences += 10;
      total += 20;
      // Counts of the ended, what is now of the living.
      expect(await countsOf(pool, workers)).toEqual([total, 6]);
      for (const worker of workers) pool.ended(worker);
      workers = [new FakeWorker(), new FakeWorker()];
    }
  });

  it("leave out a process that does not answer, and keep what it told before", async () => {
    const pool = new PoolMetrics<FakeWorker>();
    const [a, b] = [new FakeWorker(), new FakeWorker()];
    a.inferences = b.inferences = 5;
    await countsOf(pool, [a, b]);
    a.inferences = b.inferences = 7;
    const { text } = await pool.page([a, b], (worker) =>
      worker === b ? Promise.reject(new Error("gone")) : ask(worker),
    );
    expect(sample(text, "nv_inference_count")).toBe(12);
    pool.ended(b);
    expect(await countsOf(pool, [a])).toEqual([12, 3]);
  });

  it("do not wait for ever for a process that is stopped: what it told last counts", async () => {
    const pool = new PoolMetrics<FakeWorker>(1);
    const [a, b] = [new FakeWorker(), new FakeWorker()];
    a.inferences = b.inferences = 5;
    const askB = async (worker: FakeWorker) => (worker === b ? ask(worker) : new Promise<never>(() => {}));
    await pool.page([b], askB);
    b.inferences = 7;
    const { text } = await pool.page([a, b], askB);
    expect(sample(text, "nv_inference_count")).toBe(7);
    const stopped = await pool.page([b], () => new Promise<never>(() => {}));
    expect(sample(stopped.text, "nv_inference_count")).toBe(7);
  });

  it("lose nobody who ends while two pages are put together", async () => {
    const pool = new PoolMetrics<FakeWorker>();
    const workers = [1, 2, 3].map((inferences) => Object.assign(new FakeWorker(), { inferences }));
    await countsOf(pool, workers);
    pool.ended(workers[0]!);
    pool.ended(workers[1]!);
    const first = countsOf(pool, []);
    const second = countsOf(pool, []);
    pool.ended(workers[2]!);
    await Promise.all([first, second]);
    expect((await countsOf(pool, []))[0]).toBe(6);
  });
});
