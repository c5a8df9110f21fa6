import { expect, test } from "vitest";
import type { Cell } from "../../../src/scenarios/cell.ts";
import type { ForeignForm } from "../../../src/scenarios/foreign/foreign-form.ts";
import type { PlannedCells } from "../../../src/scenarios/planned-cells.ts";
import { prepareAnswers } from "../../../src/scenarios/prepare-answers.ts";

function cellOf(encoding: string, kind: ForeignForm["kind"]): Cell {
  const key = { model: "m", placement: "server", encoding };
  return { key, inputPath: "street.bag", foreign: { kind } } as unknown as Cell;
}

test("what a server elsewhere makes of a picture is compared with nothing but pictures of the same encoding", async () => {
  const binary = cellOf("binary", "picture");
  const json = cellOf("json", "picture");
  const png = cellOf("png", "compressed");
  const jpeg = cellOf("jpeg", "compressed");
  const planned = { cells: [binary, json, png, jpeg], spec: {}, weights: {} } as unknown as PlannedCells;
  const signal = new AbortController().signal;
  const answers = await prepareAnswers(planned, { signal, onProgress() {} });
  try {
    expect(answers.learned(binary)).toBeDefined();
    expect(answers.learned(json)).toBe(answers.learned(binary));
    expect(new Set([binary, png, jpeg].map((cell) => answers.learned(cell))).size).toBe(3);
    expect(answers.reference(png)).toBeUndefined();
  } finally {
    await answers.dispose();
  }
});
