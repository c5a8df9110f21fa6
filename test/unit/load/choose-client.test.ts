import { expect, test } from "vitest";
import { leastBusyClient, ownClients } from "../../../src/load/choose-client.ts";

test("idle clients take turns; else the one with the fewest out", () => {
  const choice = leastBusyClient(3);
  expect([choice.take(0), choice.take(0), choice.take(0), choice.take(0)]).toEqual([0, 1, 2, 0]);
  choice.giveBack(1);
  expect(choice.take(0)).toBe(1);
  choice.giveBack(0);
  choice.giveBack(0);
  expect(choice.take(5)).toBe(0);
  expect(choice.take(5)).toBe(1);
});

test("a vehicle's own client is its number", () => {
  expect(ownClients().take(7)).toBe(7);
});
