import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stageTimes } from "../../../src/recording/stages.ts";
import { createLanes } from "../../../src/reporting/lanes.ts";
import { requestSlices } from "../../../src/reporting/request-slices.ts";
import { type TraceEvent, traceEvents } from "../../../src/reporting/trace-events.ts";
import { appendTrace } from "../../../src/reporting/trace-file.ts";
import { type RecordedOptions, recordedRequests, WINDOW_NS } from "./recorded-requests.ts";

const runOf = (options: RecordedOptions) => ({
  cell: "http/binary",
  repetition: 1,
  record: recordedRequests(options),
});
const eventsOf = (options: RecordedOptions, requests = 1000): TraceEvent[] => [
  ...traceEvents(runOf(options), { index: 0, requests }),
];

/** Reads events as a viewer does: B opens a slice of its lane, E closes the one that was opened last. */
function slicesOf(events: readonly TraceEvent[]) {
  const open = new Map<string, { readonly name: string; readonly from: number; readonly depth: number }[]>();
  const last = new Map<string, number>();
  const slices: { name: string; lane: string; from: number; to: number; depth: number }[] = [];
  for (const { ph, pid, tid, ts, name = "" } of events) {
    if (ph !== "B" && ph !== "E") continue;
    const lane = `${pid}/${tid}`;
    expect(ts).toBeGreaterThanOrEqual(last.get(lane) ?? 0);
    last.set(lane, ts);
    const stack = open.get(lane) ?? [];
    open.set(lane, stack);
    if (ph === "B") {
      stack.push({ name, from: ts, depth: stack.length });
      continue;
    }
    const slice = stack.pop();
    if (slice === undefined) throw new Error(`nothing is open in lane ${lane}`);
    slices.push({ ...slice, lane, to: ts });
  }
  for (const stack of open.values()) expect(stack).toEqual([]);
  return slices;
}

const kinds: readonly RecordedOptions[] = [
  { requests: 60 },
  { requests: 60, broker: true },
  { requests: 60, placement: "client" },
  { requests: 60, clock: "another" },
  { requests: 60, clock: "none" },
];

describe.each(kinds)("a trace of %o", (options) => {
  test("every event has what the format asks for", () => {
    for (const event of eventsOf(options)) {
      expect(["B", "E", "i", "M"]).toContain(event.ph);
      for (const number of [event.ts, event.pid, event.tid]) expect(Number.isFinite(number)).toBe(true);
      if (event.ph !== "E") expect(event.name).not.toBe("");
    }
  });

  test("slices of a lane are nested, and never overlap", () => {
    const slices = slicesOf(eventsOf(options));
    const requests = slices.filter(({ depth }) => depth === 0);
    for (const lane of new Set(requests.map((slice) => slice.lane))) {
      const own = requests.filter((slice) => slice.lane === lane).toSorted((a, b) => a.from - b.from);
      for (const [index, slice] of own.entries()) {
        expect(slice.to).toBeGreaterThanOrEqual(slice.from);
        expect(slice.from).toBeGreaterThanOrEqual(own[index - 1]?.to ?? 0);
      }
    }
  });

  test("every process and every lane has a name", () => {
    const events = eventsOf(options);
    const named = (name: string) => events.filter((event) => event.ph === "M" && event.name === name);
    const pids = new Set(events.map(({ pid }) => pid));
    expect(new Set(named("process_name").map(({ pid }) => pid))).toEqual(pids);
    const lanes = new Set(events.filter(({ ph }) => ph !== "M").map(({ pid, tid }) => `${pid}/${tid}`));
    expect(new Set(named("thread_name").map(({ pid, tid }) => `${pid}/${tid}`))).toEqual(lanes);
  });
});

test("a slice is as long as its stage, and begins where the request was", () => {
  const record = recordedRequests({ requests: 40, broker: true, placement: "client" });
  const { stages } = stageTimes(record);
  const lengthOf = (slices: ReturnType<typeof requestSlices>, process: "client" | "server", name: string) =>
    (slices[process] ?? [])
      .flatMap(({ within }) => within)
      .filter((slice) => slice.name === name)
      .reduce((sum, { beginNs, endNs }) => sum + endNs - beginNs, 0);
  for (let row = 0; row < record.rows; row += 1) {
    if (record.columns.status[row] !== 0) continue;
    const slices = requestSlices(record, row);
    for (const stage of [
      "client_preprocess",
      "encode",
      "uplink",
      "broker",
      "downlink",
      "client_decode",
      "client_postprocess",
    ] as const) {
      expect(lengthOf(slices, "client", stage), stage).toBe(stages.get(stage)?.[row]);
    }
    for (const stage of ["server_decode", "queue", "infer", "server_encode"] as const) {
      expect(lengthOf(slices, "server", stage), stage).toBe(stages.get(stage)?.[row]);
    }
    expect(slices.client?.[0]?.beginNs).toBe((record.columns.intendedNs[row] ?? 0) - WINDOW_NS);
    expect(slices.broker).toHaveLength(2);
  }
});

test("arrivals that were not sent are instants in a lane of their own; failed requests show how far they came", () => {
  const events = eventsOf({ requests: 30 });
  expect(events.filter(({ ph }) => ph === "i")).toHaveLength(3);
  for (const { ph, tid } of events) if (ph === "i") expect(tid).toBe(0);
  expect(events.some(({ args }) => args?.["status"] === "DEADLINE_EXCEEDED")).toBe(true);
  expect(events.filter(({ name }) => name === "away")).toHaveLength(2);
});

test("only the first requests of a run are shown", () => {
  const whole = eventsOf({ requests: 60 }, 5).filter(({ name }) => name?.startsWith("request "));
  expect(whole.map(({ name }) => name)).toEqual([0, 1, 2, 3, 4].map((seq) => `request q-${seq}`));
});

test("things that overlap never share a lane, and as few lanes as can be are used", () => {
  const spans = fc.array(fc.tuple(fc.nat(100), fc.integer({ min: 1, max: 30 })), { maxLength: 50 });
  fc.assert(
    fc.property(spans, (made) => {
      const lanes = createLanes();
      const ordered = made
        .toSorted((a, b) => a[0] - b[0])
        .map(([from, length]) => [from, from + length] as const);
      const taken = ordered.map(([from, to]) => ({ from, to, lane: lanes.take(from, to) }));
      for (const [index, a] of taken.entries()) {
        for (const b of taken.slice(index + 1))
          if (a.lane === b.lane) expect(b.from).toBeGreaterThanOrEqual(a.to);
      }
      const most = Math.max(
        0,
        ...taken.map((a) => taken.filter((b) => b.from <= a.from && a.from < b.to).length),
      );
      expect(lanes.count).toBe(most);
    }),
  );
});

test("the file is whole JSON after every run, and each run has processes of its own", async () => {
  const folder = await mkdtemp(join(tmpdir(), "wirebench-trace-"));
  try {
    const path = join(folder, "trace.json");
    const read = async () => JSON.parse(await readFile(path, "utf8")) as { traceEvents: TraceEvent[] };
    await appendTrace(path, runOf({ requests: 0 }), { index: 0, first: true, requests: 500 });
    expect((await read()).traceEvents).toEqual([]);
    await appendTrace(path, runOf({ requests: 300 }), { index: 1, first: false, requests: 500 });
    const first = (await read()).traceEvents;
    expect(first.length).toBeGreaterThan(2048);
    await appendTrace(path, runOf({ requests: 3, seed: 2 }), { index: 2, first: false, requests: 500 });
    const { traceEvents: all } = await read();
    expect(all.slice(0, first.length)).toEqual(first);
    const pids = (events: readonly TraceEvent[]) => [...new Set(events.map(({ pid }) => pid))];
    expect(pids(first).filter((pid) => pids(all.slice(first.length)).includes(pid))).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
