import { Counter, Gauge, type Registry } from "prom-client";
import { FAILURE_REASONS, type ModelStatistics, type StatisticDuration } from "../core/metadata.ts";

const LABELS = ["model", "version"] as const;

/** A counter of Triton's and where it stands in the statistics. */
interface TritonCounter {
  readonly name: string;
  readonly help: string;
  readonly value: (model: ModelStatistics) => number;
}

const microseconds = ({ ns }: StatisticDuration): number => Math.round(ns / 1000);

const COUNTERS: readonly TritonCounter[] = [
  {
    name: "nv_inference_request_success",
    help: "Number of successful inference requests, all batch sizes",
    value: ({ success }) => success.count,
  },
  {
    name: "nv_inference_count",
    help: "Number of inferences performed (does not include cached requests)",
    value: ({ inferenceCount }) => inferenceCount,
  },
  {
    name: "nv_inference_exec_count",
    help: "Number of model executions performed (does not include cached requests)",
    value: ({ executionCount }) => executionCount,
  },
  {
    name: "nv_inference_request_duration_us",
    help: "Cumulative inference request duration in microseconds (includes cached requests)",
    value: ({ success }) => microseconds(success),
  },
  {
    name: "nv_inference_queue_duration_us",
    help: "Cumulative inference queuing duration in microseconds (includes cached requests)",
    value: ({ queue }) => microseconds(queue),
  },
  {
    name: "nv_inference_compute_input_duration_us",
    help: "Cumulative compute input duration in microseconds (does not include cached requests)",
    value: ({ computeInput }) => microseconds(computeInput),
  },
  {
    name: "nv_inference_compute_infer_duration_us",
    help: "Cumulative compute inference duration in microseconds (does not include cached requests)",
    value: ({ computeInfer }) => microseconds(computeInfer),
  },
  {
    name: "nv_inference_compute_output_duration_us",
    help: "Cumulative inference compute output duration in microseconds (does not include cached requests)",
    value: ({ computeOutput }) => microseconds(computeOutput),
  },
];

/**
 * Triton's metrics of each model, by its names, from the counters that the core keeps anyway.
 *
 * @param models - the counters to be told, taken once for all metrics of a page.
 * @see https://github.com/triton-inference-server/server/blob/main/docs/user_guide/metrics.md
 */
export function addStatisticsMetrics(registry: Registry, models: () => readonly ModelStatistics[]): void {
  const registers = [registry];
  for (const { name, help, value } of COUNTERS) {
    new Counter({
      name,
      help,
      labelNames: LABELS,
      registers,
      collect() {
        this.reset();
        for (const each of models()) this.inc({ model: each.name, version: each.version }, value(each));
      },
    });
  }
  new Counter({
    name: "nv_inference_request_failure",
    help: "Number of failed inference requests, all batch sizes",
    labelNames: [...LABELS, "reason"],
    registers,
    collect() {
      this.reset();
      for (const { name: model, version, fail, failures } of models()) {
        for (const reason of FAILURE_REASONS) {
          const unsorted = reason === "OTHER" ? fail.count : 0;
          this.inc({ model, version, reason }, failures === undefined ? unsorted : failures[reason]);
        }
      }
    },
  });
  new Gauge({
    name: "nv_inference_pending_request_count",
    help: "Instantaneous number of pending requests awaiting execution per-model.",
    labelNames: LABELS,
    registers,
    collect() {
      this.reset();
      for (const { name: model, version, pendingCount } of models()) {
        if (pendingCount !== undefined) this.set({ model, version }, pendingCount);
      }
    },
  });
}
