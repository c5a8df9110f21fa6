import { AsyncResource, executionAsyncId } from "node:async_hooks";
import { describe, expect, test } from "vitest";
import "../../../src/scenarios/lean-bind.ts";

describe("AsyncResource.bind of tuned processes", () => {
  const resource = new AsyncResource("test");

  test("runs in the scope of its resource, with the caller's this and arguments", () => {
    const bound = resource.bind(function (this: unknown, ...args: unknown[]) {
      return { self: this, args, scope: executionAsyncId() };
    });
    const self = { name: "self" };
    expect(Reflect.apply(bound, self, [1, "two"])).toEqual({
      self,
      args: [1, "two"],
      scope: resource.asyncId(),
    });
  });

  test("has the length of its function and no deprecated property", () => {
    const bound = resource.bind((first: number, second: number) => first + second);
    expect(bound).toHaveLength(2);
    expect("asyncResource" in bound).toBe(false);
    expect(bound(1, 2)).toBe(3);
  });

  test("throws what its function throws", () => {
    const bound = resource.bind(() => {
      throw new RangeError("mine");
    });
    expect(bound).toThrow(new RangeError("mine"));
  });
});
