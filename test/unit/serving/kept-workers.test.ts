import { expect, it } from "vitest";
import { keepWorkers } from "../../../src/serving/kept-workers.ts";

interface FakeWorker {
  readonly number: number;
  isClosed: boolean;
  die(because: string): void;
  close(): Promise<void>;
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Workers that a test kills, on a clock and with waits that it drives. */
function bed() {
  let nowNs = 0;
  const workers: FakeWorker[] = [];
  const attached = new Set<number>();
  const waits: { readonly ms: number; readonly signal: AbortSignal; end(): void }[] = [];
  let refusal: Error | undefined;
  const keep = (count: number) =>
    keepWorkers<FakeWorker>({
      count,
      clock: { nowNs: () => nowNs },
      wait: (ms, signal) =>
        new Promise((resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
          waits.push({ ms, signal, end: () => resolve(undefined) });
        }),
      async start(number, onDeath) {
        if (refusal !== undefined) throw refusal;
        const worker: FakeWorker = {
          number,
          isClosed: false,
          die: onDeath,
          async close() {
            worker.isClosed = true;
          },
        };
        workers.push(worker);
        return worker;
      },
      attach({ number }) {
        attached.add(number);
        return () => attached.delete(number);
      },
    });
  return {
    keep,
    workers,
    attached,
    waits,
    passSec: (seconds: number) => {
      nowNs += seconds * 1e9;
    },
    refuse: (error: Error | undefined) => {
      refusal = error;
    },
    /** Ends the wait that is under way. */
    async goOn() {
      waits.at(-1)?.end();
      await settle();
    },
  };
}

it("replaces a worker that ended, after longer and longer waits until one has run for a while", async () => {
  const { keep, workers, attached, waits, passSec, goOn } = bed();
  const kept = await keep(2);
  expect([...attached]).toEqual([0, 1]);
  expect(kept.first.map(({ number }) => number)).toEqual([0, 1]);
  expect(kept.isWhole()).toBe(true);
  for (const number of [0, 2, 3]) {
    workers[number]!.die("out of memory");
    expect(kept.isWhole()).toBe(false);
    expect(attached.has(number)).toBe(false);
    expect(attached.has(1)).toBe(true);
    await goOn();
    expect(kept.isWhole()).toBe(true);
  }
  passSec(31);
  workers[4]!.die("out of memory");
  await goOn();
  expect(waits.map(({ ms }) => ms)).toEqual([100, 200, 400, 100]);
  expect([...attached]).toEqual([1, 5]);
  await kept.close();
  expect(workers.map(({ isClosed }) => isClosed)).toEqual([false, true, false, false, false, true]);
});

it("tries again when none will start", async () => {
  const { keep, workers, waits, refuse, goOn } = bed();
  const kept = await keep(1);
  workers[0]!.die("gone");
  refuse(new Error("no memory"));
  await goOn();
  await goOn();
  expect(kept.isWhole()).toBe(false);
  refuse(undefined);
  await goOn();
  expect(kept.isWhole()).toBe(true);
  expect(waits.map(({ ms }) => ms)).toEqual([100, 200, 400]);
  await kept.close();
});

it("starts no other once it is closed", async () => {
  const { keep, workers, waits } = bed();
  const kept = await keep(1);
  workers[0]!.die("gone");
  await kept.close();
  expect(waits[0]?.signal.aborted).toBe(true);
  expect(workers).toHaveLength(1);
  expect(kept.isWhole()).toBe(false);
});

it("closes the others when one will not start at the beginning", async () => {
  const { workers } = bed();
  const start = async (number: number): Promise<FakeWorker> => {
    if (number === 1) throw new Error("no device");
    const worker: FakeWorker = {
      number,
      isClosed: false,
      die: () => {},
      close: async () => {
        worker.isClosed = true;
      },
    };
    workers.push(worker);
    return worker;
  };
  const clock = { nowNs: () => 0 };
  await expect(keepWorkers({ count: 3, clock, start, attach: () => () => {} })).rejects.toThrow("no device");
  expect(workers.map(({ number, isClosed }) => [number, isClosed])).toEqual([
    [0, true],
    [2, true],
  ]);
});
