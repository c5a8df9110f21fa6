import { keyColumns } from "../core/cell.ts";
import { STAGES } from "../core/stage.ts";
import type { CellResult, RunResult } from "../recording/cell-result.ts";
import type { DurationFigures } from "../recording/duration-figures.ts";
import type { CellFigures } from "../recording/figures.ts";
import { plainNumber } from "./plain-number.ts";

/** What one row is made of: a cell's pooled repetitions, or one of them. */
export type RowSource = Pick<CellResult, "name" | "key" | "executionProvider" | "repetitions"> &
  Pick<CellResult, "verdict" | "reasons" | "answers" | "figures" | "clock">;

type Cell = readonly [column: string, value: string];

/** The row of a cell: every column of `summary.csv` with its value, in the order of the file. */
export function summaryRow(source: RowSource): readonly Cell[] {
  const { figures, answers } = source;
  return [
    ["cell", source.name],
    ...keyColumns(source.key),
    ["execution_provider", source.executionProvider],
    ["clock", source.clock],
    ["repetitions", String(source.repetitions)],
    ["verdict", source.verdict],
    ["verdict_reasons", source.reasons.join(" ")],
    ["answer_check", answers.check],
    ["answer_agreement_percent", plainNumber(answers.agreementPercent)],
    ...countColumns(figures),
    ...durationColumns("response", figures.response),
    ...durationColumns("ok_response", figures.okResponse),
    ...durationColumns("service", figures.service),
    ...durationColumns("send_lateness", figures.sendLateness),
    ...INTERVALS.map((column): Cell => [column, ""]),
    ["age_p50_ms", ""],
    ["age_p99_ms", ""],
    ["jitter_mean_abs_diff_ms", plainNumber(figures.jitterMeanAbsDiffMs)],
    ["jitter_rfc3550_ms", plainNumber(figures.jitterRfc3550Ms)],
    ...stageColumns(figures),
    ["request_payload_bytes", plainNumber(figures.requestPayloadBytes)],
    ["response_payload_bytes", plainNumber(figures.responsePayloadBytes)],
    ["request_wire_bytes", ""],
    ["response_wire_bytes", ""],
    ...costColumns(figures),
    ["censored", figures.censored.join(" ")],
  ];
}

/** The row of one repetition: the same columns of that run alone, then `repetition`. */
export function runRow(cell: CellResult, run: RunResult): readonly Cell[] {
  const { verdict, reasons, answers, figures } = run;
  return [
    ...summaryRow({ ...cell, repetitions: 1, verdict, reasons, answers, figures, clock: figures.clock }),
    ["repetition", String(run.repetition)],
  ];
}

/** Intervals come with the statistics of a later version; their columns are part of the interface already. */
const INTERVALS: readonly string[] = ["response", "service"].flatMap((name) =>
  ["p50_low", "p50_high", "p99_low", "p99_high"].map((end) => `${name}_${end}_ms`),
);

function countColumns(figures: CellFigures): readonly Cell[] {
  return [
    ["requests", String(figures.requests)],
    ["ok", String(figures.ok)],
    ["failed", String(figures.failed)],
    ["timed_out", String(figures.timedOut)],
    ["dropped", String(figures.dropped)],
    ["late_answers", String(figures.lateAnswers)],
    ["throughput_per_sec", plainNumber(figures.throughputPerSec)],
    ["goodput_per_sec", plainNumber(figures.goodputPerSec)],
  ];
}

function durationColumns(name: string, figures: DurationFigures): readonly Cell[] {
  return [
    [`${name}_mean_ms`, plainNumber(figures.meanMs)],
    [`${name}_p50_ms`, plainNumber(figures.p50Ms)],
    [`${name}_p90_ms`, plainNumber(figures.p90Ms)],
    [`${name}_p95_ms`, plainNumber(figures.p95Ms)],
    [`${name}_p99_ms`, plainNumber(figures.p99Ms)],
    [`${name}_p99_9_ms`, plainNumber(figures.p999Ms)],
    [`${name}_max_ms`, plainNumber(figures.maxMs)],
    [`${name}_stddev_ms`, plainNumber(figures.stddevMs)],
  ];
}

function stageColumns(figures: CellFigures): readonly Cell[] {
  return [
    ...STAGES.flatMap((stage): readonly Cell[] => {
      const times = figures.stages[stage];
      return [
        [`stage_${stage}_mean_ms`, plainNumber(times?.meanMs)],
        [`stage_${stage}_p50_ms`, plainNumber(times?.p50Ms)],
        [`stage_${stage}_p99_ms`, plainNumber(times?.p99Ms)],
        [`stage_${stage}_tail_mean_ms`, ""],
      ];
    }),
    ["unaccounted_mean_ms", plainNumber(figures.unaccountedMeanMs)],
    ["unaccounted_p50_ms", plainNumber(figures.unaccountedP50Ms)],
    ["transport_residual_mean_ms", plainNumber(figures.transportResidualMeanMs)],
  ];
}

function costColumns({ costs }: CellFigures): readonly Cell[] {
  const { client, server, broker } = costs;
  return [
    ["client_cpu_ms_per_request", plainNumber(client?.cpuMsPerRequest)],
    ["server_cpu_ms_per_request", plainNumber(server?.cpuMsPerRequest)],
    ["broker_cpu_ms_per_request", plainNumber(broker?.cpuMsPerRequest)],
    ["client_peak_rss_mb", plainNumber(client?.peakRssMb)],
    ["server_peak_rss_mb", plainNumber(server?.peakRssMb)],
    ["broker_peak_rss_mb", plainNumber(broker?.peakRssMb)],
    ["client_event_loop_delay_p99_ms", plainNumber(client?.eventLoopDelayP99Ms)],
    ["server_event_loop_delay_p99_ms", plainNumber(server?.eventLoopDelayP99Ms)],
  ];
}
