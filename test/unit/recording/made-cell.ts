import { type CellKey, cellName } from "../../../src/core/cell.ts";
import type { FailureStatus } from "../../../src/core/status.ts";
import { type CellResult, cellResult, runResult } from "../../../src/recording/cell-result.ts";
import { tallyRun } from "../../../src/recording/tally.ts";
import { madeRun, steadyRun } from "./made-run.ts";

export interface MadeCellOptions {
  readonly key?: Partial<CellKey>;
  readonly quick?: boolean;
  readonly repetitions?: number;
  readonly requests?: number;
  readonly failure?: string;
  readonly alsoFailed?: FailureStatus;
}

/** A cell with its repetitions, as the runner puts it together. */
export function madeCell(options: MadeCellOptions = {}): CellResult {
  const key: CellKey = {
    transport: "http",
    encoding: "binary",
    placement: "server",
    model: "m1-small",
    device: "cpu",
    input: "street.bag",
    scenario: "closed-loop",
    concurrency: 1,
    connections: 1,
    protocolVersion: "1.1",
    tls: "off",
    compression: "off",
    tuning: "tuned",
    link: "loopback",
    target: "managed",
    ...options.key,
  };
  const basis = { quick: options.quick ?? false, openLoop: key.scenario === "open-loop", lossless: true };
  const requests = [
    ...steadyRun(options.requests ?? 400),
    ...(options.alsoFailed === undefined ? [] : [{ intendedMs: 0, status: options.alsoFailed }]),
  ];
  const runs = Array.from({ length: options.repetitions ?? 2 }, (_, index) =>
    runResult(
      {
        repetition: index + 1,
        startedAt: "2026-03-14T09:15:00.000Z",
        failure: options.failure,
        answers: { check: "identical", agreementPercent: 100 },
        tally: tallyRun(madeRun(requests, { concurrency: key.concurrency }), {
          deadlineMs: 100,
          retrieveNs: [1e6],
          costs: {
            client: { cpuMs: 800, peakRssMb: 90.5, eventLoopDelayP99Ms: 1.25 },
            server: { cpuMs: 1600, peakRssMb: 300 },
          },
        }),
        warmUp: { rule: "auto", durationMs: 612.5, requests: 60, failed: 0, settled: true },
        notes: [],
      },
      basis,
    ),
  );
  return cellResult({ name: cellName(key), key, executionProvider: "CPUExecutionProvider", runs }, basis);
}
