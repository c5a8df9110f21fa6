import { monotonicClock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import { type BrokerMark, joinBrokerMarks } from "../recording/broker-marks.ts";
import type { RehearsalResult, WarmUpResult } from "../recording/cell-result.ts";
import { joinCosts } from "../recording/join-costs.ts";
import { joinRecords } from "../recording/join-records.ts";
import { joinRehearsals, joinWarmUps } from "../recording/join-warm-ups.ts";
import { unpackRecord } from "../recording/packed-record.ts";
import type { ProcessCost } from "../recording/process-costs.ts";
import type { RunRecord } from "../recording/run-record.ts";
import type { AnswerTally } from "./answers.ts";
import type { Child } from "./child.ts";
import { dealLoad } from "./deal-load.ts";
import type { GeneratorCommands, GeneratorReady, GeneratorStart } from "./processes/commands.ts";

/** From telling several generators when to begin until they do: a message reaches them in less. */
const BEGIN_AFTER_NS = 100e6;

export type GeneratorChild = Child<GeneratorCommands>;

/** A record of two million rows takes seconds to come, and what was learned to be written. */
const RECORD_MS = 60_000;

/** A generator and what it alone was told. */
interface Member {
  readonly child: GeneratorChild;
  readonly start: GeneratorStart;
}

/** What generators measured; their records are still with them. */
export interface GeneratorsMeasured {
  readonly answers: AnswerTally;
  /** CPU and memory of all together. */
  readonly cost: ProcessCost;
}

/** The load generator of one run: one process, or several that share its load. */
export interface Generators {
  readonly children: readonly GeneratorChild[];
  readonly ready: GeneratorReady;
  /** All at once. @param endpoint - of a server of the bench's own; absent: the run's. */
  rehearse(endpoint: string | undefined): Promise<RehearsalResult>;
  /** All warm up at once. */
  warmUp(): Promise<WarmUpResult | undefined>;
  /** Takes memory and computes schedules; `measure` then begins without delay. */
  prepare(): Promise<void>;
  measure(): Promise<GeneratorsMeasured>;
  /** Why some of several could not measure, or hand over what they measured; what the others did is there. */
  failure(): string | undefined;
  /** One record of all that measured, with the marks of the broker that was between; call it when all windows have ended. */
  record(marks: readonly BrokerMark[]): Promise<RunRecord>;
  /** Keeps what was learned of the answers for later runs; call it like `record`. Gives notes: why that failed. */
  keepAnswers(): Promise<readonly string[]>;
  /** Ends a run that goes on; never rejects. */
  abort(reason: string): void;
}

/**
 * Starts the processes and connects each to the server.
 *
 * @param children - as many as are to share the load.
 * @throws {BenchError} when the load cannot be dealt out, or a generator cannot start.
 */
export async function startGenerators(
  children: readonly GeneratorChild[],
  start: GeneratorStart,
): Promise<Generators> {
  const starts = dealLoad(start, children.length);
  const members = children.map((child, index): Member => ({ child, start: starts[index] ?? start }));
  const all = <T>(action: (child: GeneratorChild) => Promise<T>): Promise<T[]> =>
    Promise.all(children.map(action));
  const ready = await Promise.all(members.map((member) => member.child.ask("start", member.start)));
  const [first] = ready;
  if (first === undefined) throw new RangeError("expected at least one generator");
  const several = children.length > 1;
  /** Those that have answered whatever they were asked. */
  let left: readonly Member[] = members;
  let failure: string | undefined;
  /** @throws what the first one did, when none is left. */
  const askLeft = async <T>(action: (child: GeneratorChild) => Promise<T>): Promise<readonly T[]> => {
    const asked = left;
    const settled = await Promise.allSettled(asked.map(({ child }) => action(child)));
    left = asked.filter((_, at) => settled[at]?.status === "fulfilled");
    const lost = settled.find((result) => result.status === "rejected");
    if (lost !== undefined && left.length === 0) throw lost.reason;
    if (lost !== undefined) failure ??= messageOf(lost.reason);
    return settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  };
  const abort = (reason: string): void => {
    for (const child of children) {
      child.ask("abort", reason).catch(() => {
        // It has gone as well: its own command reports that.
      });
    }
  };
  return {
    children,
    ready: several
      ? {
          ...first,
          notes: [
            ...first.notes,
            `load from ${children.length} generator processes: connections, requests outstanding and the schedule are dealt out among them`,
          ],
        }
      : first,
    async rehearse(endpoint) {
      return joinRehearsals(await all((child) => child.ask("rehearse", endpoint)));
    },
    async warmUp() {
      return joinWarmUps(await all((child) => child.ask("warmUp", undefined)));
    },
    async prepare() {
      await all((child) => child.ask("prepare", undefined));
    },
    async measure() {
      const beginNs = several ? monotonicClock.nowNs() + BEGIN_AFTER_NS : undefined;
      const measured = await askLeft((child) =>
        child.ask("measure", beginNs).catch((error: unknown) => {
          // Without this one's share the others measure another load.
          abort(messageOf(error));
          throw error;
        }),
      );
      return {
        answers: joinAnswers(measured.map(({ answers }) => answers)),
        cost: joinCosts(measured.map(({ cost }) => cost)),
      };
    },
    failure: () =>
      failure && `${failure}; counted is what ${left.length} of ${children.length} generators measured`,
    async record(marks) {
      const packed = await askLeft((child) => child.ask("record", undefined, RECORD_MS));
      const records = packed.map(unpackRecord);
      for (const record of records) joinBrokerMarks(record, marks);
      return joinRecords(
        records,
        left.map((member) => member.start.connections),
      );
    },
    async keepAnswers() {
      const said = new Set<string>();
      // One after the other: each adds to what the ones before have kept.
      for (const { child } of left) {
        // The record is there already: what fails now does not undo it.
        const note = await child.ask("keepAnswers", undefined, RECORD_MS).catch(messageOf);
        if (note !== undefined) said.add(note);
      }
      return [...said];
    },
    abort,
  };
}

function joinAnswers(tallies: readonly AnswerTally[]): AnswerTally {
  const total = (pick: (tally: AnswerTally) => number): number =>
    tallies.reduce((sum, tally) => sum + pick(tally), 0);
  return {
    compared: total(({ compared }) => compared),
    identical: total(({ identical }) => identical),
    agreementSum: total(({ agreementSum }) => agreementSum),
    digest: tallies[0]?.digest,
  };
}
