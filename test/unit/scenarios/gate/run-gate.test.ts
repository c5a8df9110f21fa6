import { expect, it } from "vitest";
import { lastLines } from "../../../../src/scenarios/gate/run-command.ts";
import { gateOrder } from "../../../../src/scenarios/gate/run-gate.ts";

it("blocks are A B B A, with the first two and the last two as pairs", () => {
  expect(
    gateOrder(2)
      .map(({ side }) => side.slice(0, 1))
      .join(""),
  ).toBe("bhhbbhhb");
  expect(gateOrder(2).map(({ pair }) => pair)).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  expect(gateOrder(2).map(({ block, position }) => `${block}.${position}`)).toEqual([
    "1.1",
    "1.2",
    "1.3",
    "1.4",
    "2.1",
    "2.2",
    "2.3",
    "2.4",
  ]);
});

it("lastLines leaves out blank lines and npm's notices", () => {
  expect(lastLines("a\n\nnpm notice new version\nb\n  c\n", 2)).toBe("b\n  c");
});
