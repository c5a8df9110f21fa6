import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TransportError } from "../../../src/core/errors.ts";
import { PendingRequests } from "../../../src/core/pending-requests.ts";
import { createMarks } from "../../../src/core/transport.ts";

const RESPONSE = { modelName: "m", modelVersion: "1", id: "r", outputs: [] };

describe("PendingRequests", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const options = (leftMs = 100, signal?: AbortSignal) => ({
    marks: createMarks(),
    signal,
    deadlineMs: 100,
    leftMs,
  });

  it("ends a request once: its answer, and what comes later finds nothing", async () => {
    const pending = new PendingRequests();
    const answer = pending.add("r", options());
    pending.take("r")?.resolve(RESPONSE);
    expect(pending.take("r")).toBeUndefined();
    expect(await answer).toBe(RESPONSE);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("remembers overdue requests, whose answers may still come, once and not for ever", async () => {
    const pending = new PendingRequests(2);
    const late = options(40);
    const answer = pending.add("r", late);
    expect(pending.takeOverdue("r")).toBeUndefined();
    vi.advanceTimersByTime(40);
    await expect(answer).rejects.toMatchObject({ status: "DEADLINE_EXCEEDED" });
    expect(pending.takeOverdue("r")).toBe(late.marks);
    expect(pending.takeOverdue("r")).toBeUndefined();
    const several = ["a", "b", "c"].map((id) => pending.add(id, options(1)));
    vi.advanceTimersByTime(1);
    await Promise.allSettled(several);
    expect(["a", "b", "c"].map((id) => pending.takeOverdue(id) !== undefined)).toEqual([false, true, true]);
  });

  it("an overdue request is DEADLINE_EXCEEDED after what was left of its time", async () => {
    const pending = new PendingRequests();
    const answer = pending.add("r", options(40));
    vi.advanceTimersByTime(39);
    expect(pending.has("r")).toBe(true);
    vi.advanceTimersByTime(1);
    await expect(answer).rejects.toMatchObject({
      status: "DEADLINE_EXCEEDED",
      message: "no answer within the deadline of 100 ms",
    });
    expect(pending.has("r")).toBe(false);
  });

  it("an aborted request rejects with the signal's reason and lets go of the signal", async () => {
    const pending = new PendingRequests();
    const controller = new AbortController();
    const reason = new TransportError("CANCELLED", "no longer wanted");
    const removed = vi.spyOn(controller.signal, "removeEventListener");
    const answer = pending.add("r", options(100, controller.signal));
    controller.abort(reason);
    await expect(answer).rejects.toBe(reason);
    expect(removed).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("refuses an id that is in flight, and takes it again afterwards", async () => {
    const pending = new PendingRequests();
    const first = pending.add("r", options());
    expect(() => pending.add("r", options())).toThrow(expect.objectContaining({ status: "ALREADY_EXISTS" }));
    pending.take("r")?.resolve(RESPONSE);
    await first;
    const second = pending.add("r", options());
    pending.take("r")?.resolve(RESPONSE);
    await second;
  });

  it("fails all, and tells when nothing is in flight", async () => {
    const pending = new PendingRequests();
    await pending.whenEmpty();
    const answers = ["a", "b"].map((id) => pending.add(id, options()));
    const empty = pending.whenEmpty();
    pending.failAll(new TransportError("UNAVAILABLE", "gone"));
    for (const answer of answers) await expect(answer).rejects.toMatchObject({ status: "UNAVAILABLE" });
    await empty;
  });

  it("tells with the deadline what may be the reason, to those that were in flight then", async () => {
    const pending = new PendingRequests();
    const [early, answered] = [pending.add("a", options()), pending.add("b", options())];
    pending.remark("the server 's' died meanwhile");
    const late = pending.add("c", options());
    pending.take("b")?.resolve(RESPONSE);
    vi.advanceTimersByTime(100);
    expect(await answered).toBe(RESPONSE);
    await expect(early).rejects.toMatchObject({
      message: "no answer within the deadline of 100 ms: the server 's' died meanwhile",
    });
    await expect(late).rejects.toMatchObject({ message: "no answer within the deadline of 100 ms" });
  });

  it("knows the only request that an answer can still be to", async () => {
    const pending = new PendingRequests();
    expect(pending.onlyId).toBeUndefined();
    const overdue = pending.add("a", options(50));
    expect(pending.onlyId).toBe("a");
    const other = pending.add("b", options(1000));
    expect(pending.onlyId).toBeUndefined();
    vi.advanceTimersByTime(50);
    await expect(overdue).rejects.toMatchObject({ status: "DEADLINE_EXCEEDED" });
    expect(pending.onlyId).toBeUndefined();
    pending.takeOverdue("a");
    expect(pending.onlyId).toBe("b");
    pending.take("b")?.resolve(RESPONSE);
    await other;
  });
});
