import { setMaxListeners } from "node:events";
import type { WhenBusy } from "../core/cell.ts";
import { TransportError } from "../core/errors.ts";
import type { RunRecord } from "../recording/run-record.ts";
import { leastBusyClient, ownClients } from "./choose-client.ts";
import { createInFlight } from "./in-flight.ts";
import { createLane } from "./lane.ts";
import { awaitLateAnswers } from "./late-answers.ts";
import { createProgress, type LoadContext } from "./load-context.ts";
import type { Schedule } from "./schedule.ts";
import { sendRequest } from "./send-request.ts";
import { createSpinningPacer } from "./spinning-pacer.ts";

export interface OpenLoopOptions extends Schedule {
  /** An arrival that finds so many requests of its vehicle out is treated as `whenBusy` says. */
  readonly maxInFlight: number;
  readonly whenBusy: WhenBusy;
  /** Vehicle i sends over client i alone. @default false: every request goes over the client with the fewest out */
  readonly perVehicle?: boolean | undefined;
}

/** Requests that are due together are started together, up to so many; then answers are taken in first. */
const MOST_AT_ONCE = 16;

/**
 * Sends every request at its scheduled time, whatever became of the ones before. After the last one waits until all are
 * answered or timed out. The window is the schedule's length. An arrival that waits at the limit is given up with
 * DEADLINE_EXCEEDED when it has waited as long as the timeout: so a run ends two timeouts after its schedule at the latest.
 *
 * @throws {RangeError} for options that make no run. Whatever happens to a request is a row, not an exception.
 */
export async function runOpenLoop(context: LoadContext, options: OpenLoopOptions): Promise<RunRecord> {
  const { recorder, clock, signal, clients, timeoutMs, idPrefix, frameCount } = context;
  const { offsetsNs, lengthNs, maxInFlight, whenBusy, vehicles, frames } = options;
  const fleet = (vehicles?.reduce((most, vehicle) => Math.max(most, vehicle), 0) ?? 0) + 1;
  if (!(Number.isSafeInteger(maxInFlight) && maxInFlight > 0)) {
    throw new RangeError(`maxInFlight: expected a whole number above 0, got ${maxInFlight}`);
  }
  if (options.perVehicle === true && clients.length < fleet) {
    throw new RangeError(`expected a client for each of ${fleet} vehicles, got ${clients.length}`);
  }
  setMaxListeners(0, signal);
  const pacer = context.pacer ?? createSpinningPacer(clock);
  const inFlight = createInFlight({ clock, seed: context.seed ?? 1 });
  const lanes = Array.from({ length: fleet }, () => createLane(maxInFlight, whenBusy));
  const choice = options.perVehicle === true ? ownClients() : leastBusyClient(clients.length);
  const progress = createProgress(context, (elapsedMs) => (elapsedMs * 1e6) / lengthNs);
  const startNs = context.beginNs ?? clock.nowNs();
  pacer.begin(startNs);
  /** Rows are made in the order of the schedule, and so have its indices. */
  const firstSeq = recorder.counts.requests;
  let next = 0;

  const vehicleOf = (seq: number): number => vehicles?.[seq - firstSeq] ?? 0;
  const frameOf = (seq: number): number => (frames?.[seq - firstSeq] ?? seq - firstSeq) % frameCount;

  await new Promise<void>((resolve, reject) => {
    let broken: { readonly reason: unknown } | undefined;
    let isOver = false;
    let out = 0;

    const settleWhenDone = (): void => {
      if (!isOver || out > 0) return;
      signal.removeEventListener("abort", end);
      if (broken === undefined) resolve();
      else reject(broken.reason);
    };
    const end = (): void => {
      pacer.cancel();
      isOver = true;
      settleWhenDone();
    };
    const start = (seq: number): void => {
      const vehicle = vehicleOf(seq);
      const client = choice.take(vehicle);
      out += 1;
      const ended = (): void => {
        out -= 1;
        choice.giveBack(client);
        const waiting = nextWaiting(vehicle);
        if (waiting !== undefined) start(waiting);
        settleWhenDone();
      };
      sendRequest(context, seq, { client, frame: frameOf(seq), inFlight }).then(ended, (reason: unknown) => {
        broken ??= { reason };
        ended();
        end();
      });
    };
    /** The vehicle's next request that is still worth sending. */
    const nextWaiting = (vehicle: number): number | undefined => {
      for (;;) {
        const seq = lanes[vehicle]?.next();
        if (seq === undefined) return undefined;
        if (signal.aborted || broken !== undefined) continue;
        const nowNs = clock.nowNs();
        if (nowNs - intendedNs(seq) < timeoutMs * 1e6) return seq;
        recorder.failed(seq, waitedTooLong(timeoutMs), nowNs);
      }
    };
    const intendedNs = (seq: number): number => startNs + (offsetsNs[seq - firstSeq] ?? 0);

    /** Whether it is started at once. */
    const arrive = (index: number): boolean => {
      const seq = firstSeq + index;
      const vehicle = vehicleOf(seq);
      recorder.scheduled(frameOf(seq), intendedNs(seq), vehicles === undefined ? undefined : vehicle);
      const admission = lanes[vehicle]?.arrive(seq) ?? "drop";
      if (admission === "start") start(seq);
      else if (admission === "drop") recorder.dropped(seq);
      else if (admission !== "wait") recorder.dropped(admission.instead);
      return admission === "start";
    };
    const pump = (): void => {
      for (let started = 0; started < MOST_AT_ONCE && next < offsetsNs.length; ) {
        if (isOver || intendedNs(firstSeq + next) > clock.nowNs()) break;
        next += 1;
        if (arrive(next - 1)) started += 1;
      }
      progress();
      if (isOver) return;
      if (next < offsetsNs.length) pacer.alarm(intendedNs(firstSeq + next), pump);
      else end();
    };

    // A generator's share may be empty: the pacer then has no moment at which it would wake anybody.
    if (signal.aborted || offsetsNs.length === 0) end();
    else {
      signal.addEventListener("abort", end, { once: true });
      pacer.alarm(startNs, pump);
    }
  });
  await awaitLateAnswers(context);

  const plannedEndNs = startNs + lengthNs;
  const endNs = signal.aborted ? Math.min(plannedEndNs, clock.nowNs()) : plannedEndNs;
  return recorder.finish({
    idPrefix,
    windowStartNs: startNs,
    windowEndNs: endNs,
    timeoutMs,
    aborted: signal.aborted,
    inFlight: inFlight.samples({ startNs, endNs }),
  });
}

function waitedTooLong(timeoutMs: number): TransportError {
  return new TransportError("DEADLINE_EXCEEDED", `waited ${timeoutMs} ms for its turn and was not sent`);
}
