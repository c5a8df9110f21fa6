import { expect, it } from "vitest";
import { createResultKeeper } from "../../../src/cli/result-keeper.ts";

it("goes on where writing fails, says so once, and tries anew", async () => {
  const said: string[] = [];
  const written: string[] = [];
  let isFull = true;
  const keeper = createResultKeeper<string>(
    "results/a",
    async (state) => {
      if (isFull) throw new Error("ENOSPC: no space left on device, write");
      written.push(state);
    },
    (line) => said.push(line),
  );
  await keeper.keep("first");
  await keeper.keep("second");
  expect(said).toEqual([
    "the results could not be written to results/a: ENOSPC: no space left on device, write; measuring goes on",
  ]);
  expect(() => keeper.check()).toThrow("the results could not be written to results/a: ENOSPC");
  isFull = false;
  await keeper.keep("third");
  keeper.check();
  expect(written).toEqual(["third"]);
});
