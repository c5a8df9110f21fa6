import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../core/clock.ts";
import { ServingError } from "../core/errors.ts";
import { CLOSING } from "./model-host.ts";

/** The first wait before a worker that ended is replaced; each that follows soon is twice the one before. */
const FIRST_MS = 100;
const MOST_MS = 10_000;
/** A worker that ran this long starts the row anew. */
const CALM_NS = 30_000_000_000;

/** How a number of workers is kept up. */
export interface KeepWorkersOptions<W> {
  readonly count: number;
  /**
   * Starts one.
   * @param number - 0 and upwards, replacements included.
   * @param onDeath - to be called when it ends by itself.
   */
  start(number: number, onDeath: (because: string) => void): Promise<W>;
  /** Gives a worker its work. @returns what takes the work away again when it has ended by itself */
  attach(worker: W): (because: string) => void;
  readonly clock: Clock;
  /** Waits, less long when the signal is aborted. @default a timer */
  readonly wait?: ((ms: number, signal: AbortSignal) => Promise<unknown>) | undefined;
}

/** Workers of which each that ends by itself is replaced. */
export interface KeptWorkers<W> {
  /** Those of the beginning, in the order of their numbers. */
  readonly first: readonly W[];
  /** All of them run. */
  isWhole(): boolean;
  /** Starts no more and closes those that run. */
  close(): Promise<void>;
}

/**
 * Starts workers, and another in the place of each that ends later: after 0.1 s, twice as long each time up to 10 s, and 0.1 s
 * again once one has run for 30 s. One that will not start is tried again likewise.
 *
 * @throws what `start` throws the first time; none is left behind.
 */
export async function keepWorkers<W extends { close(): Promise<void> }>(
  options: KeepWorkersOptions<W>,
): Promise<KeptWorkers<W>> {
  const { count, clock, wait = (ms, signal) => sleep(ms, undefined, { signal }) } = options;
  const running = new Set<W>();
  const replacing = new Set<Promise<void>>();
  const ending = new AbortController();
  let started = 0;

  /** @param inRow - how many of this place ended before it without having run for long. */
  const open = async (inRow: number): Promise<W> => {
    let end: ((because: string) => void) | undefined;
    let died: string | undefined;
    const worker = await options.start(started++, (because) => {
      died = because;
      end?.(because);
    });
    if (died !== undefined) throw new ServingError("ERR_SERVING", died);
    if (ending.signal.aborted) {
      await worker.close();
      throw new ServingError("ERR_SERVING", CLOSING);
    }
    const beganNs = clock.nowNs();
    const detach = options.attach(worker);
    running.add(worker);
    end = (because) => {
      if (!running.delete(worker)) return;
      detach(because);
      replace(clock.nowNs() - beganNs >= CALM_NS ? 0 : inRow);
    };
    return worker;
  };

  const replace = (inRow: number): void => {
    const untilReplaced = async (): Promise<void> => {
      for (let at = inRow; !ending.signal.aborted; at++) {
        try {
          await wait(Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(at, 10)), ending.signal);
          await open(at + 1);
          return;
        } catch {
          // It would not start, or this is the end: the loop tells them apart.
        }
      }
    };
    const work = untilReplaced();
    replacing.add(work);
    void work.finally(() => replacing.delete(work));
  };

  const close = async (): Promise<void> => {
    ending.abort();
    await Promise.all(replacing);
    await Promise.all([...running].map((worker) => worker.close()));
  };

  const starts = await Promise.allSettled(Array.from({ length: count }, () => open(0)));
  const failure = starts.find((start) => start.status === "rejected");
  if (failure !== undefined) {
    await close();
    throw failure.reason;
  }
  const first = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
  return { first, isWhole: () => running.size === count, close };
}
