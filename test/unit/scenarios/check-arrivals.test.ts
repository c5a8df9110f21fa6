import { expect, test } from "vitest";
import type { CellKey } from "../../../src/core/cell.ts";
import type { BenchSpec } from "../../../src/scenarios/bench-spec.ts";
import { checkArrivals } from "../../../src/scenarios/check-arrivals.ts";

const SPEC = { seed: 1, durationMs: 600_000, burst: 1, steps: 4, speed: 1 } as BenchSpec;

function check(key: Partial<CellKey>, spec: Partial<BenchSpec> = {}): void {
  checkArrivals({ ...SPEC, ...spec }, [{ key: { scenario: "open-loop", ...key } as CellKey }]);
}

test("a schedule of more arrivals than rows fit into memory is refused before anything starts", () => {
  expect(() => check({ ratePerSec: 100_000 })).toThrow(
    "--duration: the rate makes 60000000 arrivals, expected at most 20000000",
  );
  expect(() => check({ ratePerSec: 10_000, vehicles: 4 })).toThrow("24000000 arrivals");
  expect(() => check({ scenario: "server", ratePerSec: 100_000 })).toThrow("--duration");
  expect(() => check({ ratePerSec: 1 }, { durationMs: undefined, requests: 30_000_000 })).toThrow(
    "--requests",
  );
});

test("everything else is left to its run", () => {
  check({ ratePerSec: 10_000 });
  check({ scenario: "closed-loop", concurrency: 1 }, { requests: 30_000_000 });
  check({ arrivals: "recording", ratePerSec: 1e6 }, { wholeRecording: true });
});
