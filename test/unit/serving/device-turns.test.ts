import { setImmediate as nextTick } from "node:timers/promises";
import { expect, it } from "vitest";
import { createDeviceTurns, takeTurn } from "../../../src/serving/device-turns.ts";

/** Runs many actions at once and counts how many were under way together. */
async function mostTogether(turns: ReturnType<typeof createDeviceTurns> | undefined): Promise<number> {
  let now = 0;
  let most = 0;
  const action = async (index: number): Promise<number> => {
    now += 1;
    most = Math.max(most, now);
    await nextTick();
    now -= 1;
    return index;
  };
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, index) => takeTurn(turns, () => action(index))),
  );
  expect(results).toEqual(Array.from({ length: 20 }, (_, index) => index));
  return most;
}

it("carries out one action at a time", async () => {
  expect(await mostTogether(createDeviceTurns())).toBe(1);
});

it("lets all run at once where there is nothing to take", async () => {
  expect(await mostTogether(undefined)).toBe(20);
});

it("gives the turn on when an action fails", async () => {
  const turns = createDeviceTurns();
  const failing = takeTurn(turns, () => Promise.reject(new Error("no")));
  const next = takeTurn(turns, async () => "yes");
  await expect(failing).rejects.toThrow("no");
  expect(await next).toBe("yes");
  expect(turns[0]).toBe(0);
});
