import { describe, expect, it } from "vitest";
import type { ModelHost } from "../../../src/serving/model-host.ts";
import { ModelSlot } from "../../../src/serving/model-slot.ts";
import { ModelSlots } from "../../../src/serving/model-slots.ts";

/** A host that serves nothing; it is ready until it is closed. */
interface FakeHost extends ModelHost {
  readonly isClosed: () => boolean;
}

function fakeHost(version: string): FakeHost {
  let closed = false;
  const unused = (): never => expect.unreachable();
  return {
    metadata: { name: "m", versions: [version], platform: "", inputs: [], outputs: [] },
    configuration: {
      name: "m",
      platform: "",
      backend: "",
      max_batch_size: 0,
      input: [],
      output: [],
      instance_group: [],
    },
    executionProvider: "fake",
    deviceNotes: [],
    isReady: () => !closed,
    statistics: unused,
    infer: unused,
    inferEncoded: unused,
    close: async () => {
      closed = true;
    },
    isClosed: () => closed,
  };
}

/** Something that a test ends when it likes. */
function gate(): { readonly opened: Promise<void>; open(): void; fail(reason: Error): void } {
  let open = (): void => undefined;
  let fail = (_reason: Error): void => undefined;
  const opened = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { opened, open, fail };
}

/** Starts `versions` of the call at hand when its gate opens. */
function slotOf(...loads: readonly (readonly string[])[]) {
  const gates = loads.map(gate);
  const started: FakeHost[][] = [];
  const slot = new ModelSlot("m", async () => {
    const at = started.length;
    const hosts = loads[at]!.map(fakeHost);
    started.push(hosts);
    await gates[at]!.opened;
    return hosts;
  });
  return { slot, gates, started };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const states = (slot: ModelSlot, ...versions: readonly string[]): readonly string[] =>
  versions.map((version) => {
    const { state, reason } = slot.entry(version);
    return reason === "" ? state : `${state} ${reason}`;
  });

describe("a load", () => {
  it("serves when it is done, and not before", async () => {
    const { slot, gates } = slotOf(["1", "2"]);
    expect(states(slot, "1")).toEqual([""]);
    const load = slot.load();
    await settle();
    expect(slot.served).toBeUndefined();
    expect(states(slot, "1", "2")).toEqual(["LOADING", "LOADING"]);
    gates[0]!.open();
    await load;
    expect(states(slot, "1", "2", "3")).toEqual(["READY", "READY", ""]);
    expect(slot.served?.host(undefined)?.metadata.versions).toEqual(["2"]);
    expect(slot.served?.metadataOf(slot.served.hosts[0]!).versions).toEqual(["1", "2"]);
  });

  it("leaves the one before in service until it is done; its requests are finished before it ends", async () => {
    const { slot, gates, started } = slotOf(["1"], ["2"]);
    gates[0]!.open();
    await slot.load();
    const request = gate();
    const answer = slot.served!.request(() => request.opened);
    const again = slot.load();
    await settle();
    expect(states(slot, "1", "2")).toEqual(["READY", "LOADING"]);
    gates[1]!.open();
    await again;
    expect(states(slot, "1", "2")).toEqual(["UNLOADING", "READY"]);
    await settle();
    expect(started[0]![0]!.isClosed()).toBe(false);
    request.open();
    await answer;
    await settle();
    expect(started[0]![0]!.isClosed()).toBe(true);
    expect(states(slot, "1", "2")).toEqual(["UNAVAILABLE unloaded", "READY"]);
  });

  it("that fails leaves what was served, and says why", async () => {
    const { slot, gates, started } = slotOf(["1"], ["2"], ["1"]);
    gates[0]!.open();
    await slot.load();
    gates[1]!.fail(new Error("broken\nfile"));
    await expect(slot.load()).rejects.toThrow("broken");
    expect(slot.isFine).toBe(true);
    expect(started[0]![0]!.isClosed()).toBe(false);
    expect(states(slot, "1", "2")).toEqual(["READY", "UNAVAILABLE broken file"]);
    gates[2]!.open();
    await slot.load();
    expect(states(slot, "1", "2")).toEqual(["READY", ""]);
  });
});

it("a load and its failure are told of the versions that are chosen, and of no others", async () => {
  const { slot, gates } = slotOf(["1"]);
  const rows = () => [slot.entry("1", true), slot.entry("2", false)].map(({ state }) => state);
  const load = slot.load();
  await settle();
  expect(rows()).toEqual(["LOADING", ""]);
  gates[0]!.fail(new Error("broken"));
  await expect(load).rejects.toThrow("broken");
  expect(rows()).toEqual(["UNAVAILABLE", ""]);
});

it("is idle when nothing is served, ending or asked for", async () => {
  const { slot, gates } = slotOf(["1"], ["1"]);
  expect(slot.isIdle).toBe(true);
  const load = slot.load();
  expect(slot.isIdle).toBe(false);
  gates[0]!.open();
  await load;
  const request = gate();
  const answer = slot.served!.request(() => request.opened);
  const unload = slot.unload();
  await settle();
  expect(slot.isIdle).toBe(false);
  request.open();
  await Promise.all([answer, unload]);
  expect(slot.isIdle).toBe(true);
  const both = Promise.all([slot.unload(), slot.load()]);
  expect(slot.isIdle).toBe(false);
  gates[1]!.open();
  await both;
  expect(slot.isIdle).toBe(false);
});

describe("an unload", () => {
  it("takes no more requests at once, and ends when the last is answered", async () => {
    const { slot, gates, started } = slotOf(["1"]);
    gates[0]!.open();
    await slot.load();
    const request = gate();
    const answer = slot.served!.request(() => request.opened);
    let isDone = false;
    const unload = slot.unload().then(() => {
      isDone = true;
    });
    await settle();
    expect(slot.served).toBeUndefined();
    expect(states(slot, "1")).toEqual(["UNLOADING"]);
    expect(isDone).toBe(false);
    // A failed request is answered too.
    request.fail(new Error("no"));
    await expect(answer).rejects.toThrow("no");
    await unload;
    expect(started[0]![0]!.isClosed()).toBe(true);
    expect(states(slot, "1")).toEqual(["UNAVAILABLE unloaded"]);
    expect(slot.isFine).toBe(true);
    await slot.unload();
  });

  it("while loading comes after the load, and a load after it serves again", async () => {
    const { slot, gates, started } = slotOf(["1"], ["1"]);
    const outcomes: string[] = [];
    const all = Promise.all([
      slot.load().then(() => outcomes.push("load")),
      slot.unload().then(() => outcomes.push("unload")),
      slot.load().then(() => outcomes.push("load again")),
    ]);
    await settle();
    expect(started).toHaveLength(1);
    gates[0]!.open();
    gates[1]!.open();
    await all;
    expect(outcomes).toEqual(["load", "unload", "load again"]);
    expect(started.map(([host]) => host!.isClosed())).toEqual([true, false]);
    expect(states(slot, "1")).toEqual(["READY"]);
  });
});

it("two loads at a time come one after the other, and only the last one's hosts stay", async () => {
  const { slot, gates, started } = slotOf(["1"], ["1"]);
  const both = Promise.all([slot.load(), slot.load()]);
  await settle();
  expect(started).toHaveLength(1);
  gates[0]!.open();
  await settle();
  expect(started).toHaveLength(2);
  gates[1]!.open();
  await both;
  await settle();
  expect(started.map(([host]) => host!.isClosed())).toEqual([true, false]);
});

it("closing while a load is under way waits for it, closes its hosts and refuses it and what comes after", async () => {
  const { slot, gates, started } = slotOf(["1"], ["2"]);
  gates[0]!.open();
  await slot.load();
  const loads = Promise.allSettled([slot.load(), slot.load(), slot.unload()]);
  await settle();
  let isClosed = false;
  const close = slot.close().then(() => {
    isClosed = true;
  });
  await settle();
  expect(started[0]![0]!.isClosed()).toBe(true);
  expect(isClosed).toBe(false);
  gates[1]!.open();
  await close;
  expect(started[1]![0]!.isClosed()).toBe(true);
  expect(started).toHaveLength(2);
  const refused = { status: "rejected", reason: { status: "UNAVAILABLE" } };
  expect(await loads).toMatchObject([refused, refused, refused]);
  await slot.close();
});

describe("the models by name", () => {
  it("are found by version, the highest without one", async () => {
    const { slot, gates } = slotOf(["2", "10"]);
    const slots = new ModelSlots();
    slots.add(slot);
    expect(() => slots.find("m")).toThrow("Request for unknown model: 'm' has no available versions");
    expect(slots.servedNames()).toEqual([]);
    gates[0]!.open();
    await slot.load();
    const version = (wanted?: string) => slots.find("m", wanted).host.metadata.versions[0];
    expect([undefined, "", "2", "02", "10"].map(version)).toEqual(["10", "10", "2", "2", "10"]);
    expect(() => slots.find("m", "1")).toThrow("model 'm' has no version '1'; there is: 2, 10");
    expect(() => slots.find("n")).toThrow("unknown model 'n'; there is: m");
  });
});
