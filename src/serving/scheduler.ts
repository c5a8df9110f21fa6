import { setMaxListeners } from "node:events";
import type { CancelSignal } from "../core/cancellation.ts";
import type { Clock } from "../core/clock.ts";
import { TransportError } from "../core/errors.ts";
import { type BatchPolicy, planBatch } from "./batching.ts";

/** A request that waits for an instance of its model. */
export interface Job {
  /** When the core was called, nanoseconds of the clock. */
  readonly submittedNs: number;
  /** Batch elements. */
  readonly elements: number;
  /** Jobs of equal keys may run as one batch; absent: runs alone. */
  readonly batchKey?: string | undefined;
}

/**
 * Runs jobs, one batch at a time; one per instance of a model. Answers are in the order of the jobs; a `TransportError` among
 * them fails that job alone, a rejection fails all.
 */
export type Instance<J extends Job, R> = (jobs: readonly J[]) => Promise<readonly (R | TransportError)[]>;

export interface SubmitLimits {
  /** Aborted: the caller is answered at once; a job that has begun ends by itself. */
  readonly signal: CancelSignal;
  /** How long the job may wait and run, microseconds; absent or 0: no limit. */
  readonly timeoutUs?: number | undefined;
}

export interface SchedulerOptions {
  /** Named in errors: `model 'm1-small'`. */
  readonly what: string;
  /** Most jobs that wait; those that run do not count. */
  readonly maxQueue: number;
  readonly clock: Clock;
  /** Absent: every job runs alone. */
  readonly batching?: BatchPolicy | undefined;
}

interface Entry<J, R> {
  readonly job: J;
  settled: boolean;
  resolve(answer: R): void;
  reject(reason: TransportError): void;
}

const MAX_TIMER_MS = 2 ** 31 - 1;

/** The bounded first-in first-out queue of one model and the instances that take from it. */
export class Scheduler<J extends Job, R> {
  readonly #options: SchedulerOptions;
  readonly #queue: Entry<J, R>[] = [];
  readonly #idle: Instance<J, R>[] = [];
  readonly #instances = new Set<Instance<J, R>>();
  #running = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Why nothing is accepted any more; why nothing is while there is no instance. */
  #closedBecause: string | undefined;
  #lackingBecause: string | undefined;
  #whenIdle: (() => void)[] = [];

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Jobs that wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  addInstance(instance: Instance<J, R>): void {
    this.#lackingBecause = undefined;
    this.#instances.add(instance);
    this.#idle.push(instance);
    this.#dispatch();
  }

  /** No more jobs for this instance. When it was the last one, jobs fail with UNAVAILABLE until there is another. */
  removeInstance(instance: Instance<J, R>, because: string): void {
    this.#instances.delete(instance);
    const at = this.#idle.indexOf(instance);
    if (at >= 0) this.#idle.splice(at, 1);
    if (this.#instances.size > 0) return;
    this.#lackingBecause = because;
    this.#failWaiting(because);
  }

  /**
   * @throws {TransportError} RESOURCE_EXHAUSTED when the queue is full, DEADLINE_EXCEEDED, CANCELLED, UNAVAILABLE when
   * closing or without an instance, and what the instance answers.
   */
  submit(job: J, { signal, timeoutUs }: SubmitLimits): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      if (signal.aborted) throw TransportError.from(signal.reason, "CANCELLED");
      const refusal = this.#closedBecause ?? this.#lackingBecause;
      if (refusal !== undefined) throw new TransportError("UNAVAILABLE", refusal);
      const { what, maxQueue } = this.#options;
      if (this.#queue.length >= maxQueue && !(this.#queue.length === 0 && this.#idle.length > 0)) {
        throw new TransportError(
          "RESOURCE_EXHAUSTED",
          `${what}: the queue is full (${this.#queue.length} of ${maxQueue} waiting)`,
        );
      }
      let timer: NodeJS.Timeout | undefined;
      const onAbort = (): void => this.#give(entry, TransportError.from(signal.reason, "CANCELLED"));
      const settle = (): boolean => {
        if (entry.settled) return false;
        entry.settled = true;
        if (timer !== undefined) clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        return true;
      };
      const entry: Entry<J, R> = {
        job,
        settled: false,
        resolve: (answer) => settle() && resolve(answer),
        reject: (reason) => settle() && reject(reason),
      };
      // One signal may stand for many requests, of a connection for instance: that is no leak.
      setMaxListeners(0, signal);
      signal.addEventListener("abort", onAbort, { once: true });
      if (timeoutUs !== undefined && timeoutUs > 0) {
        const late = (): void =>
          this.#give(
            entry,
            new TransportError("DEADLINE_EXCEEDED", `${what}: no answer within ${timeoutUs} µs`),
          );
        timer = setTimeout(late, Math.min(MAX_TIMER_MS, timeoutUs / 1000));
      }
      this.#queue.push(entry);
      this.#dispatch();
    });
  }

  /** Fails what waits with UNAVAILABLE, accepts no more and resolves when nothing runs. Idempotent. */
  async close(because: string): Promise<void> {
    this.#closedBecause ??= because;
    this.#failWaiting(because);
    if (this.#running > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  #failWaiting(because: string): void {
    clearTimeout(this.#timer);
    for (const entry of this.#queue.splice(0)) entry.reject(new TransportError("UNAVAILABLE", because));
  }

  /** Answers a caller who waits no longer; a job in the queue leaves it. */
  #give(entry: Entry<J, R>, reason: TransportError): void {
    const at = this.#queue.indexOf(entry);
    if (at >= 0) this.#queue.splice(at, 1);
    entry.reject(reason);
    if (at >= 0) this.#dispatch();
  }

  #dispatch(): void {
    while (this.#idle.length > 0 && this.#queue.length > 0) {
      const take = this.#nextBatch();
      if (take === 0) return;
      const instance = this.#idle.shift()!;
      void this.#run(instance, this.#queue.splice(0, take));
    }
  }

  /** How many jobs from the head of the queue to run now; 0 sets a timer and waits for more. */
  #nextBatch(): number {
    const { batching, clock, maxQueue } = this.#options;
    clearTimeout(this.#timer);
    const head = this.#queue[0]!.job;
    if (batching === undefined || head.batchKey === undefined) return 1;
    const alike = this.#queue.findIndex(({ job }) => job.batchKey !== head.batchKey);
    const candidates = alike < 0 ? this.#queue : this.#queue.slice(0, alike);
    const plan = planBatch(
      {
        elements: candidates.map(({ job }) => job.elements),
        // A full queue lets nobody in who could join.
        sealed: alike >= 0 || this.#queue.length >= maxQueue,
        waitedUs: (clock.nowNs() - head.submittedNs) / 1000,
      },
      batching,
    );
    if ("take" in plan) return plan.take;
    this.#timer = setTimeout(() => this.#dispatch(), Math.max(1, Math.ceil(plan.waitUs / 1000)));
    return 0;
  }

  async #run(instance: Instance<J, R>, entries: readonly Entry<J, R>[]): Promise<void> {
    this.#running += 1;
    try {
      const answers = await instance(entries.map(({ job }) => job));
      for (const [at, entry] of entries.entries()) {
        const answer = answers[at];
        if (answer === undefined) entry.reject(new TransportError("INTERNAL", "the instance gave no answer"));
        else if (answer instanceof TransportError) entry.reject(answer);
        else entry.resolve(answer);
      }
    } catch (cause) {
      for (const entry of entries) entry.reject(TransportError.from(cause, "INTERNAL"));
    } finally {
      this.#running -= 1;
      if (this.#instances.has(instance)) this.#idle.push(instance);
      this.#dispatch();
      if (this.#running === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
    }
  }
}
