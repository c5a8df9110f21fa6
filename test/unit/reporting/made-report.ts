import { REPORT_SCHEMA_VERSION, type Report } from "../../../src/reporting/report.ts";
import { madeCell } from "../recording/made-cell.ts";

/** A report with a closed-loop cell per transport, an open-loop one, and a failed one. */
export function madeReport(more: Partial<Report> = {}): Report {
  return {
    schemaVersion: REPORT_SCHEMA_VERSION,
    name: "street",
    state: "complete",
    startedAt: "2026-03-14T09:15:00.000Z",
    finishedAt: "2026-03-14T09:17:00.000Z",
    quick: false,
    plannedRuns: 12,
    environment: { hostname: "bench", cpus: 2, packages: { aedes: "1.2.0" } },
    configuration: { repetitions: 2, dimensions: { transport: ["http", "mqtt"] } },
    seeds: { order: 1, arrivals: 2 },
    skipped: ["grpc × json: gRPC has no JSON encoding"],
    notes: ["tuned: flow-control windows of 16 MiB"],
    cells: [
      madeCell(),
      madeCell({ key: { encoding: "json" } }),
      madeCell({ key: { transport: "mqtt", protocolVersion: "3.1.1", qos: 0 }, alsoFailed: "INTERNAL" }),
      madeCell({
        key: { transport: "local", connections: undefined, protocolVersion: undefined, link: "none" },
        failure: "The server ended with signal SIGKILL.",
      }),
      madeCell({
        key: {
          scenario: "open-loop",
          concurrency: undefined,
          arrivals: "poisson",
          ratePerSec: 400,
          whenBusy: "drop-new",
          connections: 16,
        },
        alsoFailed: "DEADLINE_EXCEEDED",
      }),
    ],
    ...more,
  };
}
