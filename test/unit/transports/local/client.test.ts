import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { InferResponse } from "../../../../src/core/inference.ts";
import { createMarks } from "../../../../src/core/transport.ts";
import { connectLocal } from "../../../../src/transports/local/client.ts";
import { register } from "../../../../src/transports/local/registry.ts";

const REQUEST = { modelName: "null", id: "1", inputs: [] };
const ANSWER: InferResponse = { modelName: "null", modelVersion: "1", id: "1", outputs: [] };
const LIMIT_MS = 2_147_483_647;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Asks a server that takes a second. */
async function ask(deadlineMs: number): Promise<string> {
  const notHere = (): never => {
    throw new Error("not part of this test");
  };
  const endpoint = register({
    maxPayloadBytes: 100,
    infer: () => new Promise((resolve) => setTimeout(() => resolve(ANSWER), 1_000)),
    serverMetadata: notHere,
    modelMetadata: notHere,
  });
  const client = connectLocal(endpoint, { maxPayloadBytes: 100, tuning: "defaults", encoding: "binary" });
  const outcome = client.infer(REQUEST, { marks: createMarks(), deadlineMs }).then(
    () => "answered",
    (error: { readonly status?: string }) => error.status ?? "",
  );
  await vi.advanceTimersByTimeAsync(1_001);
  return outcome;
}

test.each([LIMIT_MS, LIMIT_MS + 1, Number.POSITIVE_INFINITY])(
  "a deadline of %d ms does not overrun Node's timers",
  async (deadlineMs) => {
    expect(await ask(deadlineMs)).toBe("answered");
  },
);

test("a deadline that is over ends the request", async () => {
  expect(await ask(100)).toBe("DEADLINE_EXCEEDED");
});
