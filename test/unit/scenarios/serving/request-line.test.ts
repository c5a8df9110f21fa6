import { describe, expect, it } from "vitest";
import { INFER_NS, QUEUE_NS } from "../../../../src/core/parameters.ts";
import type { ServedRequest } from "../../../../src/core/served-request.ts";
import { requestLine } from "../../../../src/scenarios/serving/request-line.ts";
import { createRequestLog } from "../../../../src/scenarios/serving/request-log.ts";

const SERVED: ServedRequest = {
  transport: "http",
  modelName: 'm"1',
  modelVersion: "2",
  id: "line\nbreak",
  status: "OK",
  requestBytes: 10,
  responseBytes: 20,
  parameters: { [QUEUE_NS]: 1_234_567, [INFER_NS]: 2_000_000, other: "x" },
  client: "127.0.0.1:5000",
};

describe("a line of the request log", () => {
  it("is one line of JSON with the stages in milliseconds", () => {
    const line = requestLine(SERVED, Date.UTC(2026, 0, 2, 3, 4, 5, 6), 3);
    expect(line.indexOf("\n")).toBe(line.length - 1);
    expect(JSON.parse(line)).toEqual({
      time: "2026-01-02T03:04:05.006Z",
      worker: 3,
      transport: "http",
      client: "127.0.0.1:5000",
      model: 'm"1',
      version: "2",
      id: "line\nbreak",
      status: "OK",
      request_bytes: 10,
      response_bytes: 20,
      queue_ms: 1.235,
      infer_ms: 2,
    });
  });

  it("has no stages for a failure", () => {
    const line = requestLine({ ...SERVED, status: "NOT_FOUND", parameters: undefined }, 0, 1);
    expect(Object.keys(JSON.parse(line))).not.toContain("infer_ms");
  });
});

describe("the request log", () => {
  it("gives on many at a time, in order, when it is full or flushed", () => {
    const written: string[] = [];
    const log = createRequestLog((lines) => written.push(lines), 1);
    for (let i = 0; i < 1_001; i++) log.add({ ...SERVED, id: String(i) });
    expect(written).toHaveLength(1);
    log.flush();
    log.flush();
    expect(written).toHaveLength(2);
    const ids = written
      .join("")
      .trim()
      .split("\n")
      .map((line) => Number((JSON.parse(line) as { id: string }).id));
    expect(ids).toEqual(Array.from({ length: 1_001 }, (_, i) => i));
  });
});
