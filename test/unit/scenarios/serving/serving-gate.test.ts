import { describe, expect, it } from "vitest";
import { TransportError } from "../../../../src/core/errors.ts";
import type { InferRequest, InferResponse } from "../../../../src/core/inference.ts";
import type { ServingCore } from "../../../../src/core/serving-core.ts";
import { createServingGate } from "../../../../src/scenarios/serving/serving-gate.ts";

const REQUEST: InferRequest = { modelName: "m", id: "1", inputs: [] };
const ANSWER: InferResponse = { modelName: "m", modelVersion: "1", id: "1", outputs: [] };
const NEVER = new AbortController().signal;

/** Answers when it is told to. */
function heldCore() {
  const held: { resolve(answer: InferResponse): void; reject(reason: unknown): void }[] = [];
  const core = {
    isReady: () => true,
    isModelReady: () => true,
    infer: () => new Promise<InferResponse>((resolve, reject) => held.push({ resolve, reject })),
  } as unknown as ServingCore;
  return { core, held };
}

function gateOf(core: ServingCore, control: "none" | "explicit" = "explicit") {
  const changes: string[] = [];
  const change = async (action: string, name: string): Promise<void> =>
    void changes.push(`${action} ${name}`);
  return { gate: createServingGate(core, { control, change }), changes };
}

describe("a gate in front of a core", () => {
  it("lets what it took finish, takes no more and is not ready, the model neither", async () => {
    const { core, held } = heldCore();
    const { gate } = gateOf(core);
    const first = gate.core.infer(REQUEST, NEVER);
    expect(gate.inFlight()).toBe(1);
    const drained = gate.drain(60_000);
    expect(gate.core.isReady()).toBe(false);
    expect(gate.core.isModelReady("m")).toBe(false);
    await expect(gate.core.infer(REQUEST, NEVER)).rejects.toMatchObject({ status: "UNAVAILABLE" });
    expect(held).toHaveLength(1);
    held[0]?.resolve(ANSWER);
    await expect(first).resolves.toBe(ANSWER);
    await expect(drained).resolves.toBe(0);
  });

  it("is not ready once it leaves, and still takes what is on its way", async () => {
    const { core, held } = heldCore();
    const { gate } = gateOf(core);
    gate.leave();
    expect(gate.core.isReady()).toBe(false);
    expect(gate.core.isModelReady("m")).toBe(false);
    const late = gate.core.infer(REQUEST, NEVER);
    held[0]?.resolve(ANSWER);
    await expect(late).resolves.toBe(ANSWER);
    await expect(gate.drain(60_000)).resolves.toBe(0);
  });

  it("fails with UNAVAILABLE what is left after the time, and says how much", async () => {
    const { core, held } = heldCore();
    const { gate } = gateOf(core);
    const left = [gate.core.infer(REQUEST, NEVER), gate.core.infer(REQUEST, NEVER)];
    const settled = Promise.allSettled(left);
    await expect(gate.drain(1)).resolves.toBe(2);
    for (const outcome of await settled) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { status: "UNAVAILABLE" } });
    }
    // A late answer finds nobody.
    held[0]?.resolve(ANSWER);
    expect(gate.inFlight()).toBe(0);
  });

  it("hands a failure of the core on, and counts it as done", async () => {
    const { core, held } = heldCore();
    const { gate } = gateOf(core);
    const failing = gate.core.infer(REQUEST, NEVER);
    held[0]?.reject(new TransportError("NOT_FOUND", "no such model"));
    await expect(failing).rejects.toMatchObject({ status: "NOT_FOUND" });
    await expect(gate.drain(60_000)).resolves.toBe(0);
  });

  it("is drained at once without requests, and a second time likewise", async () => {
    const { gate } = gateOf(heldCore().core);
    await expect(gate.drain(60_000)).resolves.toBe(0);
    await expect(gate.drain(60_000)).resolves.toBe(0);
  });

  it("passes load and unload to whoever reaches every process", async () => {
    const { gate, changes } = gateOf(heldCore().core);
    await gate.core.loadModel("a");
    await gate.core.unloadModel("b");
    expect(changes).toEqual(["load a", "unload b"]);
  });

  it("refuses load and unload where clients may not", async () => {
    const { gate, changes } = gateOf(heldCore().core, "none");
    await expect(gate.core.loadModel("a")).rejects.toMatchObject({ status: "UNIMPLEMENTED" });
    await expect(gate.core.unloadModel("a")).rejects.toMatchObject({ status: "UNIMPLEMENTED" });
    expect(changes).toEqual([]);
  });
});
