import { describe, expect, it } from "vitest";
import { STATUSES } from "../../../../src/core/status.ts";
import { httpCodeOf, statusOfHttp } from "../../../../src/transports/http/status-codes.ts";

describe("HTTP's codes", () => {
  it("carry every failure there and back by its name", () => {
    for (const status of STATUSES) {
      if (status === "OK") continue;
      const code = httpCodeOf(status);
      expect(code).toBeGreaterThanOrEqual(400);
      expect(statusOfHttp(code, status)).toBe(status);
    }
  });

  it.each([
    [400, "INVALID_ARGUMENT"],
    [404, "NOT_FOUND"],
    [413, "RESOURCE_EXHAUSTED"],
    [418, "INVALID_ARGUMENT"],
    [429, "RESOURCE_EXHAUSTED"],
    [500, "INTERNAL"],
    [501, "UNIMPLEMENTED"],
    [503, "UNAVAILABLE"],
    [599, "INTERNAL"],
    [302, "UNKNOWN"],
  ])("turn %d of a foreign server into %s", (code, status) => {
    expect(statusOfHttp(code)).toBe(status);
    expect(statusOfHttp(code, "no status")).toBe(status);
    expect(statusOfHttp(code, "OK")).toBe(status);
  });
});
