import { describe, expect, it } from "vitest";
import { TransportError } from "../../../../src/core/errors.ts";
import { STATUSES } from "../../../../src/core/status.ts";
import { readFailure, writeFailure } from "../../../../src/transports/grpc/status.ts";

const read = (code: number, details: string) => {
  const { error, answered } = readFailure({ code, details }, "grpc://h:1", 250);
  return { status: error.status, message: error.message, answered };
};

describe("failures over gRPC", () => {
  it("keep every status and message, both ways", () => {
    for (const status of STATUSES) {
      if (status === "OK") continue;
      const sent = writeFailure(new TransportError(status, "why"));
      expect(sent.code).toBe(STATUSES.indexOf(status));
      expect(read(sent.code, sent.details)).toEqual({ status, message: "why", answered: true });
    }
  });

  it("a message that is too long for a header is cut", () => {
    expect(writeFailure(new TransportError("NOT_FOUND", "x".repeat(100_000))).details).toHaveLength(2001);
  });

  it("anything else that is thrown is INTERNAL; an empty message gets words", () => {
    expect(writeFailure(new RangeError("odd"))).toEqual({ code: 13, details: "odd" });
    expect(writeFailure(new TransportError("ABORTED", "lone \ud800"))).toEqual({
      code: 10,
      details: "lone \ufffd",
    });
    expect(read(13, "")).toEqual({
      status: "INTERNAL",
      message: "the call failed with INTERNAL",
      answered: true,
    });
    expect(read(99, "what")).toEqual({ status: "UNKNOWN", message: "what", answered: true });
  });

  it.each([
    [
      4,
      "Deadline exceeded after 0.1s,remote_addr=127.0.0.1:1",
      "DEADLINE_EXCEEDED",
      "no answer within 250 ms",
    ],
    [4, "Deadline exceeded", "DEADLINE_EXCEEDED", "no answer within 250 ms"],
    [14, "Connection dropped", "UNAVAILABLE", "the connection to the server was lost"],
    [1, "Call cancelled", "UNAVAILABLE", "the connection to the server was closed"],
    [
      13,
      "Received RST_STREAM with code 0 (Call ended without gRPC status)",
      "UNAVAILABLE",
      "the server closed the connection without an answer",
    ],
    [
      14,
      "No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1. Resolution note: ",
      "UNAVAILABLE",
      "cannot reach grpc://h:1: connect ECONNREFUSED 127.0.0.1:1",
    ],
    [
      14,
      "No connection established. Last error: null. Resolution note: ",
      "UNAVAILABLE",
      "cannot reach grpc://h:1",
    ],
    [14, "No connection established", "UNAVAILABLE", "cannot reach grpc://h:1"],
  ])("the library's own %i '%s' is put in plain words", (code, details, status, message) => {
    expect(read(code, details)).toEqual({ status, message, answered: false });
  });

  it("a core's message that only resembles the library's is kept", () => {
    expect(read(4, "Deadline exceeded in the queue")).toEqual({
      status: "DEADLINE_EXCEEDED",
      message: "Deadline exceeded in the queue",
      answered: true,
    });
  });
});
