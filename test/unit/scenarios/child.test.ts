import type { ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Child } from "../../../src/scenarios/child.ts";
import type { ServerCommands } from "../../../src/scenarios/processes/commands.ts";
import type { Order } from "../../../src/scenarios/processes/obey.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A process that takes orders and answers none by itself. */
function madeProcess() {
  const orders: Order[] = [];
  const process = Object.assign(new EventEmitter(), {
    pid: 1,
    connected: true,
    stderr: null,
    send: (order: Order) => orders.push(order),
  });
  const child = new Child<ServerCommands>({
    role: "server",
    tuning: "defaults",
    launch: () => process as unknown as ChildProcess,
  });
  return { child, process, orders };
}

test("an answer that does not come in time is given up", async () => {
  const { child, process, orders } = madeProcess();
  const outcome = child.ask("end_window", undefined, 10_000).catch((error: Error) => error.message);
  vi.advanceTimersByTime(10_001);
  expect(await outcome).toBe("the server process does not answer");
  // Too late: nobody waits any more.
  process.emit("message", { number: orders[0]?.number, value: undefined });
});

test("an answer in time is given, and leaves no timer behind", async () => {
  const { child, process, orders } = madeProcess();
  const outcome = child.ask("begin", undefined, 10_000);
  process.emit("message", { number: orders[0]?.number, value: undefined });
  await expect(outcome).resolves.toBeUndefined();
  expect(vi.getTimerCount()).toBe(0);
});
