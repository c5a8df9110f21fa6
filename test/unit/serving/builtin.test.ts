import { describe, expect, it } from "vitest";
import type { InferRequest } from "../../../src/core/inference.ts";
import { DELAY_US } from "../../../src/core/parameters.ts";
import type { Tensor } from "../../../src/core/tensor.ts";
import {
  builtinInput,
  builtinMetadata,
  builtinModel,
  builtinOutputs,
  delayOf,
} from "../../../src/serving/builtin.ts";

const input: Tensor = { name: "input", datatype: "UINT8", shape: [3], data: Uint8Array.of(1, 2, 3) };
const request = (changes: Partial<InferRequest> = {}): InferRequest => ({
  modelName: "m",
  id: "1",
  inputs: [input],
  ...changes,
});
const model = (name: string) => {
  const found = builtinModel(name);
  if (found === undefined) throw new Error(`${name} is not built in`);
  return found;
};

describe("builtinModel", () => {
  it.each([
    ["delay", 0],
    ["delay-20ms", 20_000],
    ["delay-500us", 500],
    ["delay-1s", 1_000_000],
    ["delay-1.5ms", 1500],
  ])("reads the time in %s", (name, delayUs) => {
    expect(builtinModel(name)).toEqual({ kind: "delay", name, delayUs });
  });

  it.each(["delay-", "delay-20", "delay-ms", "delay-9999s", "nulls", "m1-small", ""])(
    "leaves %j to the repository",
    (name) => {
      expect(builtinModel(name)).toBeUndefined();
    },
  );
});

describe("requests to built-in models", () => {
  it("identity passes its input's bytes on", () => {
    const [output] = builtinOutputs(model("identity"), input);
    expect(output).toMatchObject({ name: "output", datatype: "UINT8", shape: [3] });
    expect(output?.data).toBe(input.data);
    expect(builtinMetadata(model("identity")).outputs[0]?.shape).toEqual([-1]);
  });

  it("null answers one byte", () => {
    const outputs = builtinOutputs(model("null"), input);
    expect(outputs).toEqual([{ name: "output", datatype: "UINT8", shape: [1], data: new Uint8Array(1) }]);
    expect(builtinMetadata(model("null")).outputs[0]?.shape).toEqual([1]);
  });

  it.each([
    [{ inputs: [] }, /expected the one input 'input'.*got none/],
    [{ inputs: [{ ...input, name: "x" }] }, /got 'x'/],
    [{ inputs: [input, input] }, /expected the one input/],
    [{ inputs: [{ ...input, datatype: "INT8" as const }] }, /data-type is INT8/],
    [{ inputs: [{ ...input, shape: [1, 3] }] }, /expected \[-1\], got \[1,3\]/],
    [{ inputs: [{ ...input, shape: [4] }] }, /expected 4 bytes/],
    [{ outputs: [{ name: "mask" }] }, /unexpected inference output 'mask'/],
  ])("refuses %j", (changes, message) => {
    expect(() => builtinInput(model("null"), request(changes))).toThrow(message);
  });

  it("a request's own delay wins, and must be a time", () => {
    expect(delayOf(model("delay-20ms"), request())).toBe(20_000);
    expect(delayOf(model("delay-20ms"), request({ parameters: { [DELAY_US]: 5 } }))).toBe(5);
    for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY, "5", true]) {
      expect(() => delayOf(model("delay"), request({ parameters: { [DELAY_US]: wrong } }))).toThrow(
        /microseconds/,
      );
    }
  });
});
