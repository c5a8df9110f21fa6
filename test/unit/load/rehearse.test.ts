import { expect, test } from "vitest";
import { TransportError } from "../../../src/core/errors.ts";
import type { InferRequest } from "../../../src/core/inference.ts";
import { REHEARSAL, rehearse } from "../../../src/load/rehearse.ts";
import { madeClient, madeClock, madeContext } from "./made-context.ts";

test("so many small requests go to the built-in model, and nothing of the frames is touched", async () => {
  const clock = madeClock(100);
  const sent: InferRequest[] = [];
  const client = madeClient(async (request) => {
    sent.push(request);
    return {};
  });
  const untouched = (): never => {
    throw new Error("not part of a rehearsal");
  };
  const result = await rehearse(
    madeContext(clock, { clients: [client], prepare: untouched, finish: untouched, check: untouched }),
  );
  expect(result.requests).toBe(REHEARSAL.requests);
  expect(result.durationMs).toBeGreaterThan(0);
  expect(result.durationMs).toBeLessThan(REHEARSAL.mostMs);
  expect(sent.length).toBe(result.requests);
  expect(sent[0]).toMatchObject({
    modelName: REHEARSAL.model,
    inputs: [{ name: "input", datatype: "UINT8", shape: [REHEARSAL.bytes] }],
  });
  expect(new Set(sent.map(({ id }) => id)).size).toBe(sent.length);
});

test("it ends at its longest time where answers are slow or none comes", async () => {
  const clock = madeClock();
  const slow = madeClient(async () => {
    clock.advance(20e6);
    return {};
  });
  const result = await rehearse(madeContext(clock, { clients: [slow] }));
  expect(result.requests).toBeGreaterThan(10);
  expect(result.requests).toBeLessThan(REHEARSAL.requests / 2);
  expect(result.durationMs).toBeGreaterThanOrEqual(REHEARSAL.mostMs);
  const dead = madeClient(async () => {
    clock.advance(500e6);
    throw new TransportError("UNAVAILABLE", "refused");
  });
  expect(await rehearse(madeContext(clock, { clients: [dead] }))).toMatchObject({ requests: 0 });
});
