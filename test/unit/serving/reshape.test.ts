import { expect, it } from "vitest";
import type { Tensor } from "../../../src/core/tensor.ts";
import type { OnnxSession } from "../../../src/serving/onnx-session.ts";
import { canReshape, reshapeSession } from "../../../src/serving/reshape.ts";

const tensor = (name: string, ...shape: number[]): Tensor => ({
  name,
  datatype: "UINT8",
  shape,
  data: new Uint8Array(shape.reduce((count, size) => count * size, 1)),
});

/** A model that is given `seen` and answers `answer`. */
function sessionOf(answer: readonly Tensor[]) {
  const seen: Tensor[] = [];
  const session: OnnxSession = {
    inputNames: ["x"],
    outputNames: ["y"],
    executionProvider: "CPUExecutionProvider",
    async run(feeds) {
      seen.push(...feeds);
      return answer;
    },
    release: async () => undefined,
  };
  return { seen, session };
}

it("changes shapes before and behind the run, by the order of the free dimensions, and no bytes", async () => {
  const answer = tensor("y", 2, 5, 1, 1);
  const { seen, session } = sessionOf([answer, tensor("z", 7)]);
  const reshaping = reshapeSession(session, {
    inputs: [{ name: "x", dims: [-1, -1, 6], shape: [-1, 1, -1, 2, 3] }],
    outputs: [{ name: "y", dims: [-1, 5], shape: [-1, 5, 1, 1] }],
  });
  const x = tensor("x", 2, 4, 6);
  const [y, z] = await reshaping.run([x]);
  expect(seen[0]?.shape).toEqual([2, 1, 4, 2, 3]);
  expect(seen[0]?.data).toBe(x.data);
  expect(y?.shape).toEqual([2, 5]);
  expect(y?.data).toBe(answer.data);
  expect(z?.shape).toEqual([7]);
});

it("says so when the model answers another shape than it declares", async () => {
  const { session } = sessionOf([tensor("y", 6)]);
  const reshaping = reshapeSession(session, {
    inputs: [],
    outputs: [{ name: "y", dims: [5], shape: [1, 5] }],
  });
  await expect(reshaping.run([])).rejects.toMatchObject({
    status: "INTERNAL",
    message: "tensor 'y': [6] cannot be reshaped from [1,5] to [5]",
  });
});

it.each([
  [true, [3, 4], [1, 12]],
  [true, [1], []],
  [true, [-1, 4], [-1, 2, 2]],
  [false, [-1, 4], [2, -1, 2]],
  [false, [-1], [1]],
  [false, [3], [4]],
])("canReshape is %j for %j and %j", (answer, one, other) => {
  expect(canReshape(one, other)).toBe(answer);
});
