import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CancelSignal } from "../../../../src/core/cancellation.ts";
import { TransportError } from "../../../../src/core/errors.ts";
import { RunningRequests } from "../../../../src/transports/mqtt/running-requests.ts";

/** Work that ends when it is told to or aborted; gives the reason of the abort. */
function work() {
  let end: () => void = () => {};
  const told = new Promise<undefined>((resolve) => {
    end = () => resolve(undefined);
  });
  const reasons: unknown[] = [];
  const run = async (signal: CancelSignal): Promise<void> => {
    const aborted = new Promise<unknown>((resolve) => {
      if (signal.aborted) resolve(signal.reason);
      signal.addEventListener("abort", () => resolve(signal.reason));
    });
    const reason = await Promise.race([told, aborted]);
    if (reason !== undefined) reasons.push(reason);
  };
  return { run, end, reasons };
}

describe("RunningRequests", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("ends what has expired with DEADLINE_EXCEEDED, and nothing else", async () => {
    const running = new RunningRequests();
    const [short, long] = [work(), work()];
    const ends = [running.run(1_000, short.run), running.run(undefined, long.run)];
    await vi.advanceTimersByTimeAsync(1_000);
    expect(short.reasons).toMatchObject([
      { status: "DEADLINE_EXCEEDED", message: "the message expired after 1 s" },
    ]);
    expect(long.reasons).toEqual([]);
    long.end();
    await Promise.all(ends);
  });

  it("waits for what runs, and gives up the rest after the time", async () => {
    const running = new RunningRequests();
    const [quick, endless] = [work(), work()];
    void running.run(undefined, quick.run);
    void running.run(undefined, endless.run);
    let idle = false;
    running.refuse(new TransportError("UNAVAILABLE", "the server is closing"));
    const whenIdle = running.whenIdle(5_000).then(() => {
      idle = true;
    });
    quick.end();
    await vi.advanceTimersByTimeAsync(4_999);
    expect(idle).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await whenIdle;
    expect(endless.reasons).toMatchObject([{ status: "UNAVAILABLE", message: "the server is closing" }]);
    await running.whenIdle(5_000);
  });

  it("hands nothing that comes after the refusal over without its reason", async () => {
    const running = new RunningRequests();
    running.refuse(new TransportError("UNAVAILABLE", "the server is closing"));
    const late = work();
    await running.run(undefined, late.run);
    expect(late.reasons).toMatchObject([{ status: "UNAVAILABLE" }]);
  });
});
