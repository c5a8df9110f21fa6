import { EventEmitter } from "node:events";
import type { Server } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { limitUnreadAnswers } from "../../../../src/transports/http/connection-guard.ts";

/** What is used of a connection. */
class FakeSocket extends EventEmitter {
  writableLength = 0;
  timeout: number | undefined = 0;
  readonly setTimeout = vi.fn((timeoutMs: number) => {
    this.timeout = timeoutMs;
  });
}

describe("answers that nobody reads", () => {
  const server = new EventEmitter();
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    server.emit("close");
    vi.useRealTimers();
  });

  it("have Node count the time without progress, once, and only while they wait", () => {
    limitUnreadAnswers(server as unknown as Server, { requestTimeoutMs: 1_000 });
    const [waiting, idle, gone] = [new FakeSocket(), new FakeSocket(), new FakeSocket()];
    for (const socket of [waiting, idle, gone]) server.emit("connection", socket);
    vi.advanceTimersByTime(250);
    expect(waiting.setTimeout).not.toHaveBeenCalled();
    waiting.writableLength = 1;
    gone.writableLength = 1;
    gone.emit("close");
    vi.advanceTimersByTime(10_000);
    expect(waiting.setTimeout.mock.calls).toEqual([[1_000]]);
    // Node's own time to keep the connection alive follows the answer.
    waiting.timeout = 600_000;
    vi.advanceTimersByTime(250);
    expect(waiting.setTimeout).toHaveBeenCalledTimes(2);
    expect(idle.setTimeout).not.toHaveBeenCalled();
    expect(gone.setTimeout).not.toHaveBeenCalled();
  });

  it("may wait as long as they like without a limit", () => {
    limitUnreadAnswers(server as unknown as Server, {});
    expect(vi.getTimerCount()).toBe(0);
  });
});
