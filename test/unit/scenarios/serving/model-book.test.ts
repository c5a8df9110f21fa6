import { describe, expect, it } from "vitest";
import { ModelBook } from "../../../../src/scenarios/serving/model-book.ts";
import type { ModelOutcome } from "../../../../src/scenarios/serving/serving-spec.ts";

const done = (): Promise<ModelOutcome>[] => [Promise.resolve({}), Promise.resolve({})];
const load = (modelName: string) => ({ action: "load", modelName }) as const;
const unload = (modelName: string) => ({ action: "unload", modelName }) as const;
const FAILED: ModelOutcome = { failure: { status: "INVALID_ARGUMENT", message: "broken" } };

describe("the book of models that every process serves", () => {
  it("keeps what was loaded and unloaded, for processes that come later", async () => {
    const book = new ModelBook(["a", "b"]);
    await book.change(load("c"), done);
    await book.change(unload("a"), done);
    expect(book.toStart().models).toEqual(["b", "c"]);
  });

  it("fails when one process fails, and then keeps what it had; one that ended has no say", async () => {
    const book = new ModelBook(["a"]);
    const outcome = await book.change(load("c"), () => [Promise.resolve({}), Promise.resolve(FAILED)]);
    expect(outcome).toEqual(FAILED);
    expect(book.toStart().models).toEqual(["a"]);
    const ended = (): Promise<ModelOutcome>[] => [
      Promise.reject(new Error("the process was killed")),
      Promise.resolve({}),
    ];
    expect(await book.change(load("d"), ended)).toEqual({});
    expect(book.toStart().models).toEqual(["a", "d"]);
  });

  it("tells a process that joins what it has missed, between two orders", async () => {
    const book = new ModelBook(["a"]);
    const began = book.toStart();
    const seen: string[] = [];
    const slow = book.change(load("b"), () => [new Promise((resolve) => setTimeout(() => resolve({}), 20))]);
    const joined = book.join(began, async (missed) => {
      seen.push(...missed.map(({ action, modelName }) => `${action} ${modelName}`));
    });
    const after = book.change(unload("a"), () => {
      seen.push("asked");
      return done();
    });
    await Promise.all([slow, joined, after]);
    expect(seen).toEqual(["load b", "asked"]);
  });

  it("has a process start with what it began with when all was unloaded, and unload that", async () => {
    const book = new ModelBook(["a"]);
    await book.change(unload("a"), done);
    expect(book.toStart().models).toEqual(["a"]);
    const missed: unknown[] = [];
    await book.join(book.toStart(), async (orders) => void missed.push(...orders));
    expect(missed).toEqual([unload("a")]);
  });

  it("has a process that was starting load what was loaded anew meanwhile, and not unload what it never had", async () => {
    const book = new ModelBook(["a", "b"]);
    await book.change(load("b"), done);
    const began = book.toStart();
    await book.change(load("a"), done);
    await book.change(load("c"), done);
    await book.change(unload("c"), done);
    const missed: unknown[] = [];
    await book.join(began, async (orders) => void missed.push(...orders));
    expect(missed).toEqual([load("a")]);
  });

  it("goes on after a process that could not join", async () => {
    const book = new ModelBook(["a"]);
    await expect(book.join(book.toStart(), () => Promise.reject(new Error("gone")))).rejects.toThrow("gone");
    expect(await book.change(load("b"), done)).toEqual({});
  });
});
