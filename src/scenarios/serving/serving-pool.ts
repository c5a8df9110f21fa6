import { setTimeout as wait } from "node:timers/promises";
import { BenchError, messageOf } from "../../core/errors.ts";
import type { MetricsPage, MetricsSource } from "../../core/metrics-source.ts";
import type { Tuning } from "../../core/transport.ts";
import { Child, describeExit } from "../child.ts";
import type { ServerCommands, ServerReady, ServerStart } from "../processes/commands.ts";
import { forkWorker } from "./fork-worker.ts";
import { ModelBook } from "./model-book.ts";
import { outcomeInTime } from "./model-orders.ts";
import type { PoolEvent } from "./pool-event.ts";
import { PoolMetrics } from "./pool-metrics.ts";
import { RestartDelay } from "./restart-delay.ts";
import {
  LOG_NOTICE,
  METRICS_NOTICE,
  MODEL_NOTICE,
  type ModelOrder,
  NOTE_NOTICE,
  OBEYS_NOTICE,
  type ServingSpec,
} from "./serving-spec.ts";
import { within } from "./within.ts";

/** Starts of a place that may come to nothing in a row, while nobody serves, before the pool gives up. */
export const MOST_FAILED_STARTS = 5;

/** Beside the requests, what a process that drains waits for: a broker that is told of it. */
const DRAIN_MARGIN_MS = 2_000;

export interface ServingPoolOptions {
  /** Processes, 1 or more. */
  readonly workers: number;
  /** The same for each, its listeners' ports real ones ({@link claimPorts}). */
  readonly start: ServerStart & { readonly serving: ServingSpec };
  readonly tuning: Tuning;
  onEvent(event: PoolEvent): void;
  /** What of a model's configuration is passed over; each process says it whenever it loads the model. */
  onNote(line: string): void;
  /** Lines of the request log. */
  onLog(lines: string): void;
}

type Worker = Child<ServerCommands>;

/** Server processes that share their ports; one that ends is replaced. */
export class ServingPool implements MetricsSource {
  readonly #options: ServingPoolOptions;
  readonly #ending = new AbortController();
  readonly #serving = new Set<Worker>();
  readonly #all = new Set<Worker>();
  readonly #models: ModelBook;
  readonly #metrics = new PoolMetrics<Worker>();
  readonly #gaveUp: Promise<BenchError>;
  #giveUp: (error: BenchError) => void = () => {};

  /** Starts nothing yet. */
  constructor(options: ServingPoolOptions) {
    this.#options = options;
    this.#models = new ModelBook(options.start.core.models);
    this.#gaveUp = new Promise((resolve) => {
      this.#giveUp = resolve;
    });
  }

  /** Resolves when the pool can no longer keep its number of processes. Never rejects. */
  get gaveUp(): Promise<BenchError> {
    return this.#gaveUp;
  }

  /**
   * Resolves when every process serves. Call it once.
   * @throws {BenchError} what a process reports of its start, or ERR_PROCESS; then call {@link end}.
   */
  async start(): Promise<ServerReady> {
    const places = Array.from({ length: this.#options.workers }, (_, i) => this.#open(i + 1));
    const [first] = await Promise.all(places);
    if (first === undefined) throw new RangeError("a pool has one process or more");
    return first;
  }

  /** The metrics of all processes together. */
  page(): Promise<MetricsPage> {
    return this.#metrics.page(this.#serving, (worker) => worker.ask("metrics", undefined));
  }

  /** Takes no more requests and waits for those in flight. @returns how many did not end in time */
  async drain(): Promise<number> {
    this.#ending.abort();
    const timeoutMs = this.#options.start.serving.drainTimeoutMs + DRAIN_MARGIN_MS;
    const left = await Promise.all(
      [...this.#serving].map(async (worker) => {
        const asked = worker.ask("drain", undefined).catch(() => 0);
        return (await within(timeoutMs, asked)) ?? 0;
      }),
    );
    return left.reduce((sum, count) => sum + count, 0);
  }

  /** Ends every process and waits for it. Idempotent; never rejects. */
  async end(): Promise<void> {
    this.#ending.abort();
    await Promise.all([...this.#all].map((worker) => worker.end()));
  }

  /** Starts the process of a place and, once it serves, keeps the place from then on. */
  async #open(number: number): Promise<ServerReady> {
    const delay = new RestartDelay();
    const { worker, ready } = await this.#begin(number, delay, true);
    void this.#keep(number, worker, delay).catch((reason: unknown) => {
      if (this.#ending.signal.aborted) return;
      this.#giveUp(reason instanceof BenchError ? reason : new BenchError("ERR_PROCESS", messageOf(reason)));
    });
    return ready;
  }

  /**
   * Starts the process of a place until one serves.
   *
   * @param isFirst - what a process reports of its start then ends the pool at once: it will not change by itself.
   * @throws {BenchError} when too many in a row came to nothing; once the pool serves, only while no other place does.
   */
  async #begin(
    number: number,
    delay: RestartDelay,
    isFirst: boolean,
  ): Promise<{ readonly worker: Worker; readonly ready: ServerReady }> {
    for (;;) {
      let worker: Worker | undefined;
      try {
        const launched = this.#launch();
        worker = launched.worker;
        // One that ends before is found out by what it is asked.
        await Promise.race([launched.obeys, worker.exited]);
        return { worker, ready: await this.#startWorker(worker, number) };
      } catch (reason) {
        const reported = worker !== undefined && worker.exit === undefined;
        await worker?.end();
        this.#ending.signal.throwIfAborted();
        if (reported && isFirst) throw reason;
        const counts = isFirst || this.#serving.size === 0;
        const delayMs = delay.startFailed(counts);
        if (delay.failedStarts >= MOST_FAILED_STARTS) {
          const text = `worker ${number} ended ${delay.failedStarts} times in a row before it served: ${messageOf(reason)}`;
          throw new BenchError("ERR_PROCESS", text, { cause: reason });
        }
        if (!counts) {
          const why = messageOf(reason);
          this.#options.onEvent({ kind: "not-started", worker: number, why, delayMs });
        }
        await wait(delayMs, undefined, { signal: this.#ending.signal });
      }
    }
  }

  #launch(): { readonly worker: Worker; readonly obeys: Promise<void> } {
    const { tuning, onLog, onNote } = this.#options;
    let onObeys = (): void => {};
    const obeys = new Promise<void>((resolve) => {
      onObeys = resolve;
    });
    const worker: Worker = new Child<ServerCommands>({
      role: "server",
      tuning,
      launch: forkWorker,
      onNotice: (notice, value) => {
        if (notice === OBEYS_NOTICE) onObeys();
        else if (notice === LOG_NOTICE) onLog(String(value));
        else if (notice === NOTE_NOTICE) onNote(String(value));
        else if (notice === MODEL_NOTICE) void this.#changeModel(worker, value as ModelOrder);
        else if (notice === METRICS_NOTICE) void this.#tellMetrics(worker, Number(value));
      },
    });
    this.#all.add(worker);
    void worker.exited.then(() => {
      this.#all.delete(worker);
      this.#serving.delete(worker);
      this.#metrics.ended(worker);
    });
    return { worker, obeys };
  }

  async #startWorker(worker: Worker, number: number): Promise<ServerReady> {
    const { start } = this.#options;
    const started = this.#models.toStart();
    const ready = await worker.ask("start", {
      ...start,
      core: { ...start.core, models: started.models },
      serving: { ...start.serving, worker: number },
    });
    await this.#models.join(started, async (missed) => {
      for (const order of missed) {
        const { failure } = await outcomeInTime(worker.ask("change_model", order));
        if (failure !== undefined) throw new BenchError("ERR_PROCESS", failure.message);
      }
      if (worker.exit !== undefined) throw new BenchError("ERR_PROCESS", describeExit("server", worker.exit));
      // Those that serve have been told to drain; this one was not among them.
      this.#ending.signal.throwIfAborted();
      this.#serving.add(worker);
    });
    return ready;
  }

  /** Replaces the process of a place whenever it ends. @throws {BenchError} when none will start. */
  async #keep(number: number, first: Worker, delay: RestartDelay): Promise<void> {
    for (let worker = first; ; ) {
      const readyMs = performance.now();
      const exit = await worker.exited;
      if (this.#ending.signal.aborted) return;
      const delayMs = delay.ended(performance.now() - readyMs);
      const how = describeExit("server", exit).replace(/^the server process /, "");
      this.#options.onEvent({ kind: "ended", worker: number, pid: worker.pid, how, delayMs });
      await wait(delayMs, undefined, { signal: this.#ending.signal });
      ({ worker } = await this.#begin(number, delay, false));
      this.#options.onEvent({ kind: "replaced", worker: number, pid: worker.pid });
    }
  }

  async #tellMetrics(asking: Worker, number: number): Promise<void> {
    const page = await this.page();
    // Who asked may have ended since.
    await asking.ask("metrics_page", { number, page }).catch(() => {});
  }

  /** Carries an order out in every process and tells the one that was asked. */
  async #changeModel(asked: Worker, order: ModelOrder): Promise<void> {
    const outcome = await this.#models.change(order, () =>
      [...this.#serving].map((worker) => outcomeInTime(worker.ask("change_model", order))),
    );
    // Who asked may have ended since.
    await asked.ask("model_changed", { number: order.number, outcome }).catch(() => {});
  }
}
