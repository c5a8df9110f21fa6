import { describe, expect, it } from "vitest";
import { outcomeInTime } from "../../../../src/scenarios/serving/model-orders.ts";
import { within } from "../../../../src/scenarios/serving/within.ts";

describe("the outcome of an order", () => {
  it("is a failure when the process never answers", async () => {
    expect(await outcomeInTime(new Promise(() => {}), 5)).toEqual({
      failure: { status: "DEADLINE_EXCEEDED", message: "a worker did not answer within 0.005 s" },
    });
  });

  it("is what the process says when it does, the end of it included", async () => {
    expect(await outcomeInTime(Promise.resolve({}), 60_000)).toEqual({});
    await expect(outcomeInTime(Promise.reject(new Error("gone")), 60_000)).rejects.toThrow("gone");
  });
});

describe("waiting for work within a time", () => {
  it("gives its result, its failure, or nothing when the time was over", async () => {
    expect(await within(60_000, Promise.resolve(7))).toBe(7);
    await expect(within(60_000, Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await within(1, new Promise(() => {}))).toBeUndefined();
  });

  it("takes times that are longer than a timer counts", async () => {
    const slow = new Promise((resolve) => setTimeout(resolve, 20, "done"));
    expect(await within(2 ** 31 + 2_000, slow)).toBe("done");
  });
});
