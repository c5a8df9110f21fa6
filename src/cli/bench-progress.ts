import cliProgress from "cli-progress";
import { followsSchedule } from "../core/cell.ts";
import type { BenchEvent, FinishedEvent } from "../scenarios/run-bench.ts";

/** Shows how far a bench is: a bar on a terminal, a line per run elsewhere. Writes to standard error. */
export interface BenchProgress {
  /** A line about what takes time before the first run. */
  line(text: string): void;
  event(event: BenchEvent): void;
  stop(): void;
}

const PHASE_SHARE = { starting: 0, "warm-up": 0.15, measuring: 0.3 } as const;

export function createBenchProgress(terminal: boolean): BenchProgress {
  return terminal ? barProgress() : lineProgress();
}

function lineProgress(): BenchProgress {
  return {
    line: (text) => console.error(text),
    event(event) {
      if (event.kind === "finished") console.error(finishedLine(event));
    },
    stop() {},
  };
}

function barProgress(): BenchProgress {
  let bar: cliProgress.SingleBar | undefined;
  return {
    line: (text) => console.error(text),
    event(event) {
      if (bar === undefined) {
        bar = new cliProgress.SingleBar(
          {
            format: "{bar} {percentage}% | {what}",
            hideCursor: true,
            clearOnComplete: true,
            barsize: 24,
            linewrap: false,
          },
          cliProgress.Presets.shades_classic,
        );
        bar.start(event.of * 100, 0, { what: "" });
      }
      const done = event.kind === "finished" ? 1 : PHASE_SHARE[event.phase] + 0.7 * event.fraction;
      const what = `${event.index + 1}/${event.of} ${shortName(event)} ${event.kind === "phase" ? event.phase : ""}`;
      bar.update(Math.round((event.index + Math.min(1, done)) * 100), { what });
    },
    stop() {
      bar?.stop();
    },
  };
}

function shortName({ cell: { key }, repetition }: BenchEvent): string {
  const vehicles = key.vehicles === undefined ? "" : ` × ${key.vehicles} vehicles`;
  const load = followsSchedule(key.scenario)
    ? `${key.ratePerSec ?? "?"}/s${vehicles}`
    : `${key.concurrency} outstanding`;
  const parts = [
    key.transport === "http" && key.protocolVersion === "2" ? "http/2" : key.transport,
    key.encoding,
    key.placement === "client" ? "client-side" : "",
    key.model,
    key.scenario === "open-loop" || key.scenario === "closed-loop" ? "" : key.scenario,
    load,
    key.whenBusy === "drop-new" ? "" : (key.whenBusy ?? ""),
  ];
  const tuning = key.tuning === "defaults" ? "defaults" : "";
  return `${[...parts, tuning].filter((part) => part !== "").join(" ")} #${repetition + 1}`;
}

function finishedLine(event: FinishedEvent): string {
  const { result } = event;
  const times = followsSchedule(event.cell.key.scenario) ? result.figures.response : result.figures.service;
  const p50 = times.p50Ms === undefined ? "" : ` p50 ${times.p50Ms.toFixed(2)} ms,`;
  const { requests, ok } = result.figures;
  return `[${event.index + 1}/${event.of}] ${shortName(event)}:${p50} ${ok} of ${requests} answered, ${result.verdict}`;
}
