import { stringify } from "csv-stringify/sync";
import { keyColumns } from "../../core/cell.ts";
import { type PeakCell, type PeakPoint, reasonsText } from "../../recording/peak/peak-result.ts";
import { plainNumber } from "../plain-number.ts";
import type { PeakReport } from "./peak-report.ts";

type Value = readonly [column: string, value: string];

/**
 * `peak.csv`: the header and a row per cell and measured rate, each cell's by rate. The key columns are those of
 * `summary.csv`; numbers are plain, an empty cell means "not available", and `censored` names the percentiles that are above the
 * timeout. Peak, interval and knee are rates as in `rate_per_sec`: of each vehicle. Lines end in LF.
 */
export function peakCsv({ cells }: Pick<PeakReport, "cells">): string {
  const rows = cells.flatMap((cell) => byRate(cell.points).map((point) => row(cell, point)));
  const first = rows[0];
  if (first === undefined) return "";
  return stringify([
    first.map(([column]) => column),
    ...rows.map((values) => values.map(([, value]) => value)),
  ]);
}

/** Ascending rates; of one rate in the order in which they were measured. */
export function byRate(points: readonly PeakPoint[]): readonly PeakPoint[] {
  return points.toSorted((a, b) => a.ratePerSec - b.ratePerSec);
}

function row(cell: PeakCell, point: PeakPoint): readonly Value[] {
  return [
    ["cell", cell.name],
    ...keyColumns({ ...cell.key, ratePerSec: point.ratePerSec }),
    ["execution_provider", cell.executionProvider],
    ["kind", point.kind],
    ["held", point.held ? "yes" : "no"],
    ["cause", point.cause ?? ""],
    ["found", reasonsText(point)],
    ["verdict", point.verdict],
    ["window_s", plainNumber(point.windowSec)],
    ["runs", String(point.runs)],
    ["runs_held", String(point.runsHeld)],
    ["requests", String(point.requests)],
    ["ok", String(point.ok)],
    ["failed", String(point.failed)],
    ["timed_out", String(point.timedOut)],
    ["dropped", String(point.dropped)],
    ["throughput_per_sec", plainNumber(point.throughputPerSec)],
    ["goodput_per_sec", plainNumber(point.goodputPerSec)],
    ["response_mean_ms", plainNumber(point.meanMs)],
    ["response_p50_ms", plainNumber(point.p50Ms)],
    ["response_p99_ms", plainNumber(point.p99Ms)],
    ["client_cpu_ms_per_request", plainNumber(point.clientCpuMsPerRequest)],
    ["server_cpu_ms_per_request", plainNumber(point.serverCpuMsPerRequest)],
    ["broker_cpu_ms_per_request", plainNumber(point.brokerCpuMsPerRequest)],
    ["power", plainNumber(power(point))],
    ["state", cell.state],
    ["peak_per_sec", plainNumber(cell.peakPerSec)],
    ["peak_low_per_sec", plainNumber(cell.intervalPerSec?.low)],
    ["peak_high_per_sec", plainNumber(cell.intervalPerSec?.high)],
    ["knee_per_sec", plainNumber(cell.knee?.ratePerSec)],
    ["censored", point.censored.join(" ")],
  ];
}

/** Kleinrock's power: throughput ÷ mean response time. */
function power({ throughputPerSec, meanMs }: PeakPoint): number | undefined {
  return throughputPerSec === undefined || meanMs === undefined || meanMs <= 0
    ? undefined
    : throughputPerSec / meanMs;
}
