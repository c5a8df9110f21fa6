import { expect, test } from "vitest";
import { createLinkMeter } from "../../../../src/scenarios/network/link-meter.ts";
import type { Namespaces } from "../../../../src/scenarios/network/namespaces.ts";
import { madeRun, steadyRun } from "../../recording/made-run.ts";

const NODE = { address: "10.0.0.1", pid: 1 };

test("the bytes are of the requests that were sent: not of those dropped, or given up while they waited", async () => {
  let bytes = 0;
  const namespaces: Namespaces = {
    nodes: { client: NODE, middle: NODE, server: NODE },
    count: () => ({ requestBytes: bytes, responseBytes: bytes }),
    close: async () => {},
  };
  const meter = createLinkMeter({
    endpoint: "http://10.0.0.1:1",
    middle: undefined,
    generatorPids: [],
    namespaces,
  });
  await meter.begin();
  bytes = 1_000;
  const record = madeRun([
    ...steadyRun(10),
    { intendedMs: 1, dropped: true },
    { intendedMs: 2, status: "DEADLINE_EXCEEDED", unstarted: true },
    { intendedMs: 3, status: "DEADLINE_EXCEEDED" },
  ]);
  expect((await meter.end(record, {})).wire).toMatchObject({ requests: 11, requestBytes: 1_000 });
});
