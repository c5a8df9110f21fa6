import { expect, test } from "vitest";
import type { Child } from "../../../src/scenarios/child.ts";
import { Crew } from "../../../src/scenarios/crew.ts";

test("processes end, the last first, even where something beside them fails to close", async () => {
  const ended: string[] = [];
  const child = (name: string) => ({ end: async () => ended.push(name) }) as unknown as Child<never>;
  const crew = new Crew();
  crew.add(child("server"));
  crew.add(child("generator"));
  crew.also({ close: async () => Promise.reject(new Error("no such connection")) });
  crew.also({ close: async () => void ended.push("probe") });
  await crew.end();
  expect(ended).toEqual(["probe", "generator", "server"]);
});

test("each is ended once, also what is added between two ends, and both wait for all", async () => {
  const ended: string[] = [];
  const child = (name: string) =>
    ({
      end: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        ended.push(name);
      },
    }) as unknown as Child<never>;
  const crew = new Crew();
  crew.add(child("server"));
  void crew.end();
  await new Promise((resolve) => setImmediate(resolve));
  crew.add(child("generator"));
  await crew.end();
  await crew.end();
  expect(ended).toEqual(["server", "generator"]);
});
