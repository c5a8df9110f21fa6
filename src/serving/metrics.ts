import { AggregatorRegistry, Counter, type Metric, type PrometheusContentType, Registry } from "prom-client";
import type { ModelStatistics } from "../core/metadata.ts";
import type { MetricsPage, MetricsSource } from "../core/metrics-source.ts";
import {
  DECODE_NS,
  ENCODE_NS,
  IN_NS,
  INFER_NS,
  OUT_NS,
  type Parameters,
  POSTPROCESS_NS,
  PREPROCESS_NS,
  QUEUE_NS,
} from "../core/parameters.ts";
import type { ServedRequest } from "../core/served-request.ts";
import type { ServingCore } from "../core/serving-core.ts";
import type { Stage } from "../core/stage.ts";
import type { Status } from "../core/status.ts";
import {
  createDurationHistogram,
  type DurationHistogram,
  type DurationSeries,
} from "./duration-histogram.ts";
import { addMachineMetrics } from "./machine-metrics.ts";
import { addStatisticsMetrics } from "./statistics-metrics.ts";

/** All metrics of one process as plain data, to be sent to the one that puts them together. */
export type MetricsSnapshot = readonly { readonly type: unknown }[];

/** The metrics of one serving process. */
export interface Metrics extends MetricsSource {
  /** Counts one infer request: made for `ServeOptions.onServed`. Some hundred nanoseconds. */
  observe(served: ServedRequest): void;
  snapshot(): Promise<MetricsSnapshot>;
}

/** The stages of the server, and the parameter that tells how long each took. */
const STAGE_PARAMETERS: readonly (readonly [Stage, string])[] = [
  ["server_decode", DECODE_NS],
  ["queue", QUEUE_NS],
  ["server_preprocess", PREPROCESS_NS],
  ["infer", INFER_NS],
  ["server_postprocess", POSTPROCESS_NS],
  ["server_encode", ENCODE_NS],
];

/**
 * Keeps the metrics of a serving core and its listeners: Triton's counters by their names, and histograms of the stages of
 * every answered request.
 *
 * They are told in Prometheus's text format only: in the OpenMetrics format every counter would be called `…_total`, and
 * Triton's are not.
 */
export function createMetrics(core: Pick<ServingCore, "statistics">): Metrics {
  const registry = new Registry();
  let models: readonly ModelStatistics[] = [];
  addStatisticsMetrics(registry, () => models);
  addMachineMetrics(registry);
  const observe = addRequestMetrics(registry);
  const refresh = (): void => {
    models = core.statistics();
  };
  return {
    observe,
    async page() {
      refresh();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
    async snapshot() {
      refresh();
      return registry.getMetricsAsJSON();
    },
  };
}

/** The metrics of several processes that serve the same, as one page: counts are added up. */
export async function mergedPage(snapshots: readonly MetricsSnapshot[]): Promise<MetricsPage> {
  const registry = merge(snapshots);
  return { contentType: registry.contentType, text: await registry.metrics() };
}

/**
 * What goes on counting of processes that have ended: their counts, and nothing that says how things are now. Without
 * them the sums would fall, and a reader would take all of them for new.
 */
export async function mergedCounts(snapshots: readonly MetricsSnapshot[]): Promise<MetricsSnapshot> {
  const all = await merge(snapshots).getMetricsAsJSON();
  // prom-client declares an enum of numbers and uses texts.
  return all.filter(({ type }) => String(type) !== "gauge");
}

function merge(snapshots: readonly MetricsSnapshot[]): Registry {
  return AggregatorRegistry.aggregate<PrometheusContentType>([...snapshots]);
}

function addRequestMetrics(registry: Registry): (served: ServedRequest) => void {
  const outcomes = new Map<string, { readonly transport: string; readonly status: Status; count: number }>();
  new Counter({
    name: "wirebench_requests_total",
    help: "Infer requests by the gRPC status name of their outcome",
    labelNames: ["transport", "status"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { transport, status, count } of outcomes.values()) this.inc({ transport, status }, count);
    },
  });
  const whole = createDurationHistogram(
    "wirebench_request_seconds",
    "From the last byte of the request to the first of the answer, of answered infer requests",
  );
  const stages = createDurationHistogram(
    "wirebench_stage_seconds",
    "Stages of answered infer requests in the server",
  );
  for (const histogram of [whole, stages]) register(registry, histogram);
  const seriesOf = new Map<string, (parameters: Parameters) => void>();
  return ({ transport, modelName: model, status, parameters }) => {
    const outcome = `${transport} ${status}`;
    const counted = outcomes.get(outcome);
    if (counted === undefined) outcomes.set(outcome, { transport, status, count: 1 });
    else counted.count += 1;
    // A failed request may name any model: each name would become a series.
    if (status !== "OK" || parameters === undefined) return;
    const key = `${transport} ${model}`;
    let observe = seriesOf.get(key);
    if (observe === undefined) {
      observe = createSeries(whole, stages, { transport, model });
      seriesOf.set(key, observe);
    }
    observe(parameters);
  };
}

/** The series of one model behind one transport; a stage's begins with the first request that has it. */
function createSeries(
  whole: DurationHistogram,
  stages: DurationHistogram,
  labels: { readonly transport: string; readonly model: string },
): (parameters: Parameters) => void {
  const wholeSeries = whole.series(labels);
  const byStage: (DurationSeries | undefined)[] = STAGE_PARAMETERS.map(() => undefined);
  return (parameters) => {
    for (let i = 0; i < STAGE_PARAMETERS.length; i++) {
      const [stage, name] = STAGE_PARAMETERS[i]!;
      const ns = parameters[name];
      if (typeof ns !== "number") continue;
      byStage[i] ??= stages.series({ stage, ...labels });
      byStage[i]?.observe(ns);
    }
    const inNs = parameters[IN_NS];
    const outNs = parameters[OUT_NS];
    if (typeof inNs === "number" && typeof outNs === "number") wholeSeries.observe(outNs - inNs);
  };
}

/** A registry asks a metric for its name and its values only; its type names prom-client's own classes. */
function register(registry: Registry, histogram: DurationHistogram): void {
  registry.registerMetric(histogram as unknown as Metric);
}
