import { describe, expect, test } from "vitest";
import { Cancellation } from "../../../src/core/cancellation.ts";

describe("Cancellation", () => {
  test("tells its listeners once, with the first reason", () => {
    const gone = new Cancellation();
    const heard: unknown[] = [];
    gone.addEventListener("abort", () => heard.push(gone.reason));
    expect(gone.aborted).toBe(false);
    gone.throwIfAborted();
    const first = new Error("first");
    gone.abort(first);
    gone.abort(new Error("second"));
    expect(heard).toEqual([first]);
    expect(gone.aborted).toBe(true);
    expect(() => gone.throwIfAborted()).toThrow(first);
  });

  test("a listener that was taken back hears nothing", () => {
    const gone = new Cancellation();
    const onAbort = (): void => {
      throw new Error("heard");
    };
    gone.addEventListener("abort", onAbort, { once: true });
    gone.removeEventListener("abort", onAbort);
    gone.abort("reason");
    expect(gone.reason).toBe("reason");
  });
});
