import { expect, it } from "vitest";
import { reportedConfiguration } from "../../../src/cli/reported-configuration.ts";
import type { BenchSpec } from "../../../src/scenarios/bench-spec.ts";

const reported = (spec: Partial<BenchSpec>) => reportedConfiguration(spec as BenchSpec);

it("writes the configuration without the passwords of its URLs", () => {
  expect(reported({ broker: "mqtt://me:secret@h:1883", qos: 1 })).toEqual({
    broker: "mqtt://h:1883",
    qos: 1,
  });
  expect(reported({ url: "mqtt://me:secret@h" })).toEqual({ url: "mqtt://h" });
  expect(reported({ qos: 0 })).toEqual({ qos: 0 });
});
