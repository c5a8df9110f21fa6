import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ERROR_CODES, messageOf, TransportError } from "../../../src/core/errors.ts";
import { STATUSES, statusCode, statusOf } from "../../../src/core/status.ts";

describe("error codes", () => {
  it("stand in docs/errors.md, each once and no others", () => {
    const docs = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8");
    const listed = [...docs.matchAll(/^\| `(ERR_[A-Z]+)`/gm)].map((match) => match[1]);
    expect(listed.toSorted()).toEqual([...ERROR_CODES].toSorted());
  });
});

describe("TransportError.from", () => {
  it("keeps a TransportError as it is", () => {
    const error = new TransportError("NOT_FOUND", "no such model");
    expect(TransportError.from(error, "INTERNAL")).toBe(error);
  });

  it.each([
    ["TimeoutError", "DEADLINE_EXCEEDED"],
    ["AbortError", "CANCELLED"],
    ["TypeError", "INTERNAL"],
  ])("maps %s to %s", (name, status) => {
    const reason = Object.assign(new Error("text"), { name });
    expect(TransportError.from(reason, "INTERNAL")).toMatchObject({ status, cause: reason });
  });
});

describe("statuses", () => {
  it("have gRPC's numbers", () => {
    expect(statusCode("OK")).toBe(0);
    expect(statusCode("UNAVAILABLE")).toBe(14);
    expect(statusCode("UNAUTHENTICATED")).toBe(16);
    for (const status of STATUSES) expect(statusOf(statusCode(status))).toBe(status);
    expect(statusOf(99)).toBe("UNKNOWN");
  });
});

describe("messageOf", () => {
  it("is one line", () => {
    expect(messageOf(new Error("first\n  second\n"))).toBe("first second");
  });
});
