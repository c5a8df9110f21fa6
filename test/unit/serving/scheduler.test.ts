import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TransportError } from "../../../src/core/errors.ts";
import { type Instance, type Job, Scheduler } from "../../../src/serving/scheduler.ts";

interface NamedJob extends Job {
  readonly name: string;
}

/** An instance whose runs end when the test says so. */
function heldInstance() {
  const runs: { readonly names: readonly string[]; finish(): void; fail(reason: unknown): void }[] = [];
  const instance: Instance<NamedJob, string> = (jobs) =>
    new Promise((resolve, reject) => {
      const names = jobs.map(({ name }) => name);
      runs.push({ names, finish: () => resolve(names.map((name) => `${name}!`)), fail: reject });
    });
  return { runs, instance };
}

const clock = { nowNs: () => Date.now() * 1e6 };
const never = new AbortController().signal;
const job = (name: string, batchKey?: string): NamedJob => ({
  name,
  submittedNs: clock.nowNs(),
  elements: 1,
  batchKey,
});
const scheduler = (options: Partial<ConstructorParameters<typeof Scheduler>[0]> = {}) =>
  new Scheduler<NamedJob, string>({ what: "model 'm'", maxQueue: 2, clock, ...options });
const status = (name: string) => expect.objectContaining({ status: name });

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the queue", () => {
  it("runs one job per instance, first in, first out", async () => {
    const { runs, instance } = heldInstance();
    const queue = scheduler();
    queue.addInstance(instance);
    const answers = ["a", "b", "c"].map((name) => queue.submit(job(name), { signal: never }));
    expect(runs.map(({ names }) => names)).toEqual([["a"]]);
    expect(queue.waiting).toBe(2);
    for (let at = 0; at < 3; at++) {
      runs[at]?.finish();
      await answers[at];
      await Promise.resolve();
    }
    expect(await Promise.all(answers)).toEqual(["a!", "b!", "c!"]);
    expect(runs.map(({ names }) => names)).toEqual([["a"], ["b"], ["c"]]);
  });

  it("uses every instance", () => {
    const first = heldInstance();
    const second = heldInstance();
    const queue = scheduler();
    queue.addInstance(first.instance);
    queue.addInstance(second.instance);
    void queue.submit(job("a"), { signal: never });
    void queue.submit(job("b"), { signal: never });
    expect([first.runs.length, second.runs.length]).toEqual([1, 1]);
  });

  it("refuses what does not fit, with a clear text", async () => {
    const { instance } = heldInstance();
    const queue = scheduler();
    queue.addInstance(instance);
    for (const name of ["a", "b", "c"]) void queue.submit(job(name), { signal: never });
    await expect(queue.submit(job("d"), { signal: never })).rejects.toMatchObject({
      status: "RESOURCE_EXHAUSTED",
      message: "model 'm': the queue is full (2 of 2 waiting)",
    });
  });

  it("with a queue of 0 still uses an idle instance", async () => {
    const { runs, instance } = heldInstance();
    const queue = scheduler({ maxQueue: 0 });
    queue.addInstance(instance);
    const answer = queue.submit(job("a"), { signal: never });
    await expect(queue.submit(job("b"), { signal: never })).rejects.toEqual(status("RESOURCE_EXHAUSTED"));
    runs[0]?.finish();
    expect(await answer).toBe("a!");
  });
});

describe("callers who wait no longer", () => {
  it("are answered at their timeout; a waiting job leaves the queue, a running one ends by itself", async () => {
    const { runs, instance } = heldInstance();
    const queue = scheduler();
    queue.addInstance(instance);
    const running = queue.submit(job("a"), { signal: never, timeoutUs: 5000 });
    const waiting = queue.submit(job("b"), { signal: never, timeoutUs: 5000 });
    const patient = queue.submit(job("c"), { signal: never });
    const outcomes = Promise.allSettled([running, waiting]);
    await vi.advanceTimersByTimeAsync(5);
    expect(await outcomes).toEqual([
      { status: "rejected", reason: status("DEADLINE_EXCEEDED") },
      { status: "rejected", reason: status("DEADLINE_EXCEEDED") },
    ]);
    expect(queue.waiting).toBe(1);
    expect(runs.length).toBe(1);
    runs[0]?.finish();
    await vi.advanceTimersByTimeAsync(0);
    expect(runs.map(({ names }) => names)).toEqual([["a"], ["c"]]);
    runs[1]?.finish();
    expect(await patient).toBe("c!");
  });

  it("get the signal's reason", async () => {
    const { instance } = heldInstance();
    const queue = scheduler();
    queue.addInstance(instance);
    const controller = new AbortController();
    const reason = new TransportError("CANCELLED", "gone");
    const running = queue.submit(job("a"), { signal: controller.signal });
    const waiting = queue.submit(job("b"), { signal: controller.signal });
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(queue.submit(job("c"), { signal: controller.signal })).rejects.toBe(reason);
    expect(queue.waiting).toBe(0);
  });
});

describe("failures", () => {
  it("of one job in a batch leave the others alone", async () => {
    const queue = scheduler({
      batching: { maxBatchSize: 2, preferredBatchSizes: [2], maxQueueDelayUs: 1e6 },
    });
    queue.addInstance(async () => [new TransportError("INTERNAL", "broken"), "fine"]);
    const bad = queue.submit(job("a", "k"), { signal: never });
    const good = queue.submit(job("b", "k"), { signal: never });
    await expect(bad).rejects.toEqual(status("INTERNAL"));
    expect(await good).toBe("fine");
  });

  it("of a run fail its jobs; the instance goes on", async () => {
    const { runs, instance } = heldInstance();
    const queue = scheduler();
    queue.addInstance(instance);
    const bad = queue.submit(job("a"), { signal: never });
    const good = queue.submit(job("b"), { signal: never });
    runs[0]?.fail(new Error("boom"));
    await expect(bad).rejects.toMatchObject({ status: "INTERNAL", message: "boom" });
    await vi.advanceTimersByTimeAsync(0);
    runs[1]?.finish();
    expect(await good).toBe("b!");
  });

  it("of the last instance fail what waits, and everything until there is another", async () => {
    const { runs, instance } = heldInstance();
    const queue = scheduler();
    queue.addInstance(instance);
    const running = queue.submit(job("a"), { signal: never });
    const waiting = queue.submit(job("b"), { signal: never });
    queue.removeInstance(instance, "the worker ended");
    await expect(waiting).rejects.toMatchObject({ status: "UNAVAILABLE", message: "the worker ended" });
    runs[0]?.fail(new TransportError("UNAVAILABLE", "the worker ended"));
    await expect(running).rejects.toEqual(status("UNAVAILABLE"));
    await expect(queue.submit(job("c"), { signal: never })).rejects.toEqual(status("UNAVAILABLE"));
    const other = heldInstance();
    queue.addInstance(other.instance);
    const answer = queue.submit(job("d"), { signal: never });
    other.runs[0]?.finish();
    expect(await answer).toBe("d!");
  });
});

describe("batches", () => {
  const batching = { maxBatchSize: 4, preferredBatchSizes: [4], maxQueueDelayUs: 3000 };

  it("wait for others, up to the delay", async () => {
    const { runs, instance } = heldInstance();
    const queue = scheduler({ maxQueue: 8, batching });
    queue.addInstance(instance);
    void queue.submit(job("a", "k"), { signal: never });
    void queue.submit(job("b", "k"), { signal: never });
    expect(runs).toEqual([]);
    await vi.advanceTimersByTimeAsync(3);
    expect(runs.map(({ names }) => names)).toEqual([["a", "b"]]);
  });

  it("run at once when full, and are not mixed with other kinds", async () => {
    const { runs, instance } = heldInstance();
    const queue = scheduler({ maxQueue: 8, batching });
    queue.addInstance(instance);
    for (const name of ["a", "b", "c", "d"]) void queue.submit(job(name, "k"), { signal: never });
    expect(runs[0]?.names).toEqual(["a", "b", "c", "d"]);
    void queue.submit(job("e", "k"), { signal: never });
    void queue.submit(job("f", "other"), { signal: never });
    runs[0]?.finish();
    await vi.advanceTimersByTimeAsync(0);
    expect(runs[1]?.names).toEqual(["e"]);
  });
});

it("a full queue is not kept waiting for a larger batch", () => {
  const { runs, instance } = heldInstance();
  const batching = { maxBatchSize: 4, preferredBatchSizes: [4], maxQueueDelayUs: 3000 };
  const queue = scheduler({ maxQueue: 2, batching });
  queue.addInstance(instance);
  void queue.submit(job("a", "k"), { signal: never });
  void queue.submit(job("b", "k"), { signal: never });
  expect(runs.map(({ names }) => names)).toEqual([["a", "b"]]);
});

describe("close", () => {
  it("fails what waits, waits for what runs, accepts no more", async () => {
    const { runs, instance } = heldInstance();
    const queue = scheduler();
    queue.addInstance(instance);
    const running = queue.submit(job("a"), { signal: never });
    const waiting = queue.submit(job("b"), { signal: never });
    let closed = false;
    const closing = queue.close("closing").then(() => {
      closed = true;
    });
    await expect(waiting).rejects.toMatchObject({ status: "UNAVAILABLE", message: "closing" });
    await expect(queue.submit(job("c"), { signal: never })).rejects.toEqual(status("UNAVAILABLE"));
    expect(closed).toBe(false);
    runs[0]?.finish();
    expect(await running).toBe("a!");
    await closing;
    await queue.close("again");
  });
});
