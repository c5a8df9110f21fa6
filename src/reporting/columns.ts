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
    ...intervalColumns("response", figures.response),
    ...intervalColumns("service", figures.service),
    ["age_p50_ms", plainNumber(figures.ageP50Ms)],
    ["age_p99_ms", plainNumber(figures.ageP99Ms)],
    ["jitter_mean_abs_diff_ms", plainNumber(figures.jitterMeanAbsDiffMs)],
    ["jitter_rfc3550_ms", plainNumber(figures.jitterRfc3550Ms)],
    ...stageColumns(figures),
    ["request_payload_bytes", plainNumber(figures.requestPayloadBytes)],
    ["response_payload_bytes", plainNumber(figures.responsePayloadBytes)],
    ["request_wire_bytes", plainNumber(figures.wire?.requestBytes)],
    ["response_wire_bytes", plainNumber(figures.wire?.responseBytes)],
    ...costColumns(figures),
    ["censored", figures.censored.join(" ")],
    ["effective_requests", plainNumber(figures.effectiveRequests)],
    ...boundColumns("response", figures.response),
    ...boundColumns("service", figures.service),
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

/** 95 % order-statistic intervals. */
function intervalColumns(name: string, figures: DurationFigures): readonly Cell[] {
  return [
    [`${name}_p50_low_ms`, plainNumber(figures.p50LowMs)],
    [`${name}_p50_high_ms`, plainNumber(figures.p50HighMs)],
    [`${name}_p99_low_ms`, plainNumber(figures.p99LowMs)],
    [`${name}_p99_high_ms`, plainNumber(figures.p99HighMs)],
  ];
}

/** MLPerf's early-stopping bounds. */
function boundColumns(name: string, figures: DurationFigures): readonly Cell[] {
  return [
    [`${name}_p90_ub99_ms`, plainNumber(figures.p90Ub99Ms)],
    [`${name}_p95_ub99_ms`, plainNumber(figures.p95Ub99Ms)],
    [`${name}_p99_ub99_ms`, plainNumber(figures.p99Ub99Ms)],
    [`${name}_p99_9_ub99_ms`, plainNumber(figures.p999Ub99Ms)],
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
        [`stage_${stage}_tail_mean_ms`, plainNumber(times?.tailMeanMs)],
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
