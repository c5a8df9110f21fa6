import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Directory } from "../../../../src/transports/mqtt/directory.ts";
import {
  modelTopic,
  responseTopic,
  serverTopic,
  statusTopic,
} from "../../../../src/transports/mqtt/topics.ts";

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const READY = json({ live: true, ready: true });
const CLOSING = json({ live: true, ready: false });
const DEAD = json({ live: false, ready: false });

describe("Directory", () => {
  let directory: Directory;
  beforeEach(() => {
    directory = new Directory("mqtt://b:1883");
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("refuses until a server has announced itself, then unknown models, then nothing", () => {
    expect(directory.refusal("m")).toMatchObject({
      status: "UNAVAILABLE",
      message: "no server has announced itself on the MQTT broker mqtt://b:1883",
    });
    expect(directory.isDeserted()).toBe(false);
    directory.accept(statusTopic("s"), READY);
    expect(directory.refusal("m")).toMatchObject({ status: "NOT_FOUND", message: "unknown model 'm'" });
    expect(directory.refusal()).toBeUndefined();
    directory.accept(modelTopic("m"), json({ name: "m", versions: ["1"] }));
    expect(directory.refusal("m")).toBeUndefined();
    expect(directory.offers("m")).toBe(true);
    expect(directory.model("m")).toEqual({
      name: "m",
      versions: ["1"],
      platform: "",
      inputs: [],
      outputs: [],
    });
  });

  it("is deserted when every known server is dead; a closing one still answers", () => {
    directory.accept(statusTopic("a"), READY);
    directory.accept(statusTopic("b"), CLOSING);
    expect(directory.isDeserted()).toBe(false);
    directory.accept(statusTopic("a"), DEAD);
    expect(directory.isDeserted()).toBe(false);
    expect(directory.refusal()).toMatchObject({ status: "UNAVAILABLE" });
    directory.accept(statusTopic("b"), DEAD);
    expect(directory.isDeserted()).toBe(true);
    directory.accept(statusTopic("a"), READY);
    expect(directory.refusal()).toBeUndefined();
  });

  it("forgets what is taken back and what cannot be read, and leaves other topics alone", () => {
    directory.accept(statusTopic("s"), READY);
    directory.accept(modelTopic("m"), json({ name: "m" }));
    expect(directory.takenBackMs).toBe(Number.NEGATIVE_INFINITY);
    directory.accept(modelTopic("m"), Buffer.alloc(0));
    expect(directory.takenBackMs).toBeGreaterThanOrEqual(0);
    expect(directory.takenBackMs).toBeLessThanOrEqual(performance.now());
    expect(directory.offers("m")).toBe(false);
    directory.accept(statusTopic("s"), Buffer.from("{"));
    expect(directory.refusal()).toMatchObject({ status: "UNAVAILABLE" });
    expect(directory.accept(responseTopic("c", "r"), READY)).toBe(false);
  });

  it("gives the metadata of a server that is alive", () => {
    directory.accept(serverTopic("old"), json({ name: "old" }));
    directory.accept(serverTopic("new"), json({ name: "new", version: "2" }));
    directory.accept(statusTopic("old"), DEAD);
    directory.accept(statusTopic("new"), READY);
    expect(directory.server()).toEqual({ name: "new", version: "2", extensions: [] });
  });

  it("waits for the word, for the time or for the signal, and leaves no timer", async () => {
    const test = (): boolean => directory.offers("m");
    const heard = directory.waitFor(test, 1_000);
    directory.accept(statusTopic("s"), READY);
    directory.accept(modelTopic("m"), json({}));
    await heard;
    directory.accept(modelTopic("m"), Buffer.alloc(0));
    const late = directory.waitFor(test, 1_000);
    vi.advanceTimersByTime(1_000);
    await late;
    const controller = new AbortController();
    const aborted = directory.waitFor(test, 1_000, controller.signal);
    controller.abort();
    await aborted;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("knows which server is alive, and nothing any more once it is cleared", () => {
    expect(directory.isSilent()).toBe(true);
    directory.accept(statusTopic("s"), READY);
    directory.accept(statusTopic("t"), DEAD);
    directory.accept(modelTopic("m"), json({ name: "m" }));
    expect([directory.isLive("s"), directory.isLive("t"), directory.isLive("u")]).toEqual([
      true,
      false,
      false,
    ]);
    expect(directory.isSilent()).toBe(false);
    directory.clear();
    expect(directory.isSilent()).toBe(true);
    expect(directory.offers("m")).toBe(false);
    expect(directory.refusal("m")).toMatchObject({ status: "UNAVAILABLE" });
  });
});
