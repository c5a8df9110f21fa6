import { setImmediate } from "node:timers/promises";
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

  test("many listeners are no leak to warn of", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): unknown => warnings.push(warning);
    process.on("warning", onWarning);
    const gone = new Cancellation();
    for (let i = 0; i < 100; i += 1) gone.addEventListener("abort", () => i);
    await setImmediate();
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });
});
