import { expect, it } from "vitest";
import { reportedConfiguration } from "../../../src/cli/reported-configuration.ts";
import { REHEARSAL } from "../../../src/load/rehearse.ts";
import type { BenchSpec } from "../../../src/scenarios/bench-spec.ts";

const warmup = { kind: "fixed", durationMs: 100 } as const;
const reported = (spec: Partial<BenchSpec>) => reportedConfiguration({ warmup, ...spec } as BenchSpec);

it("writes the configuration without the passwords of its URLs", () => {
  expect(reported({ broker: "mqtt://me:secret@h:1883", qos: 1 })).toEqual({
    warmup,
    broker: "mqtt://h:1883",
    qos: 1,
  });
  expect(reported({ url: "mqtt://me:secret@h" })).toEqual({ warmup, url: "mqtt://h" });
  expect(reported({ qos: 0 })).toEqual({ warmup, qos: 0 });
});

it("says what was rehearsed, so that results with and without are not compared unasked", () => {
  expect(reported({ warmup: { kind: "auto" } })).toEqual({ warmup: { kind: "auto" }, rehearsal: REHEARSAL });
});
