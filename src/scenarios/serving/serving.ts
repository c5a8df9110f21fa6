import type { MetricsSource } from "../../core/metrics-source.ts";
import type { ServedRequest } from "../../core/served-request.ts";
import type { ServingCore } from "../../core/serving-core.ts";
import type { ServeLimits } from "../../core/transport.ts";
import { createMetrics, type Metrics } from "../../serving/metrics.ts";
import { tell, tellWhole } from "../processes/obey.ts";
import { type AskedMetrics, createAskedMetrics } from "./asked-metrics.ts";
import type { Change } from "./model-book.ts";
import { carryOutOrder, createModelOrders } from "./model-orders.ts";
import { createRequestLog } from "./request-log.ts";
import { createServingGate } from "./serving-gate.ts";
import {
  LOG_NOTICE,
  METRICS_NOTICE,
  MODEL_NOTICE,
  type ModelOutcome,
  type ServingSpec,
} from "./serving-spec.ts";

/** What stands between the core and the transports of a server that stays. */
export interface Serving {
  /** For the transports. */
  readonly core: ServingCore;
  /** For the transports. */
  readonly options: {
    readonly limits: ServeLimits;
    readonly onServed: (served: ServedRequest) => void;
    /** Of all processes. */
    readonly metrics: MetricsSource;
  };
  /** Of this process. */
  readonly metrics: Metrics;
  /** Where the conductor's answers to questions for the metrics of all go. */
  readonly metricsOfAll: AskedMetrics;
  /** Not ready from now on; requests are still taken. */
  leave(): void;
  /** Takes no more requests and waits for those in flight. @returns how many were left after the time */
  drain(): Promise<number>;
  /** Loads or unloads a model of this process's core. */
  changeModel(change: Change): Promise<ModelOutcome>;
  /** The conductor's word on what this process was asked. */
  modelChanged(number: number, outcome: ModelOutcome): void;
  /** Gives the conductor the requests that it has not been told of. Never rejects. */
  flush(): Promise<void>;
}

/** Puts gate and request log in front of a core. */
export function createServing(core: ServingCore, spec: ServingSpec): Serving {
  const orders = createModelOrders((order) => tell(MODEL_NOTICE, order));
  const gate = createServingGate(core, { control: spec.modelControl, change: orders.change });
  const log = createRequestLog((lines) => tell(LOG_NOTICE, lines), spec.worker);
  const metrics = createMetrics(core);
  const metricsOfAll = createAskedMetrics((number) => tell(METRICS_NOTICE, number));
  const observeAndLog = (served: ServedRequest): void => {
    metrics.observe(served);
    log.add(served);
  };
  return {
    core: gate.core,
    options: {
      limits: spec.limits,
      onServed: spec.logsRequests ? observeAndLog : metrics.observe,
      metrics: metricsOfAll,
    },
    metrics,
    metricsOfAll,
    leave: gate.leave,
    drain: () => gate.drain(spec.drainTimeoutMs),
    changeModel: (change) => carryOutOrder(core, change),
    modelChanged: orders.settle,
    async flush() {
      log.flush();
      // Messages keep their order: this one comes after the lines.
      await tellWhole(LOG_NOTICE, "");
    },
  };
}
