import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Tensor } from "../../../src/core/tensor.ts";
import { planBatch, splitTensors, stackTensors } from "../../../src/serving/batching.ts";

const policy = { maxBatchSize: 8, preferredBatchSizes: [2, 4], maxQueueDelayUs: 1000 };

describe("planBatch", () => {
  it("waits for more until the delay is over", () => {
    expect(planBatch({ elements: [1], sealed: false, waitedUs: 300 }, policy)).toEqual({ waitUs: 700 });
    expect(planBatch({ elements: [1], sealed: false, waitedUs: 1000 }, policy)).toEqual({ take: 1 });
  });

  it("runs the largest preferred size at once", () => {
    const elements = [1, 1, 1, 1, 1];
    expect(planBatch({ elements, sealed: false, waitedUs: 0 }, policy)).toEqual({ take: 4 });
  });

  it("waits at a smaller preferred size, and falls back to it", () => {
    expect(planBatch({ elements: [1, 1, 1], sealed: false, waitedUs: 0 }, policy)).toEqual({ waitUs: 1000 });
    expect(planBatch({ elements: [1, 1, 1], sealed: false, waitedUs: 1000 }, policy)).toEqual({ take: 2 });
  });

  it("does not wait when the next request is of another kind", () => {
    expect(planBatch({ elements: [1], sealed: true, waitedUs: 0 }, policy)).toEqual({ take: 1 });
  });

  it("prefers the largest batch where no size is preferred", () => {
    const open = { ...policy, preferredBatchSizes: [] };
    expect(planBatch({ elements: [3, 3, 3], sealed: false, waitedUs: 0 }, open)).toEqual({ take: 2 });
    expect(planBatch({ elements: [4, 4], sealed: false, waitedUs: 0 }, open)).toEqual({ take: 2 });
  });

  it("never exceeds the largest batch, never takes nothing, never waits beyond the delay", () => {
    const sizes = fc.integer({ min: 1, max: 8 });
    fc.assert(
      fc.property(
        fc.array(sizes, { minLength: 1, maxLength: 20 }),
        fc.array(sizes, { maxLength: 4 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 2000 }),
        (elements, preferredBatchSizes, sealed, waitedUs) => {
          const plan = planBatch({ elements, sealed, waitedUs }, { ...policy, preferredBatchSizes });
          if ("waitUs" in plan) {
            expect(sealed).toBe(false);
            expect(plan.waitUs).toBe(1000 - waitedUs);
            expect(plan.waitUs).toBeGreaterThan(0);
            return;
          }
          expect(plan.take).toBeGreaterThan(0);
          const total = elements.slice(0, plan.take).reduce((sum, count) => sum + count, 0);
          expect(total).toBeLessThanOrEqual(8);
        },
      ),
    );
  });
});

const tensor = (shape: readonly number[], values: readonly number[]): Tensor => ({
  name: "x",
  datatype: "UINT8",
  shape,
  data: Uint8Array.from(values),
});

describe("stackTensors and splitTensors", () => {
  it("stacks along the first dimension", () => {
    const stacked = stackTensors([[tensor([1, 2], [1, 2])], [tensor([2, 2], [3, 4, 5, 6])]]);
    expect(stacked).toEqual([tensor([3, 2], [1, 2, 3, 4, 5, 6])]);
  });

  it("leaves a single request as it is", () => {
    const inputs = [tensor([1, 2], [1, 2])];
    expect(stackTensors([inputs])).toBe(inputs);
    expect(splitTensors(inputs, [1])[0]).toBe(inputs);
  });

  it("gives back what was put together, in buffers of their own", () => {
    const counts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 5 }), (elements, width) => {
        let next = 0;
        const requests = elements.map((count) => [
          tensor(
            [count, width],
            Array.from({ length: count * width }, () => next++ % 256),
          ),
        ]);
        const split = splitTensors(stackTensors(requests), elements);
        expect(split).toEqual(requests);
        if (elements.length > 1) {
          expect(new Set(split.map(([one]) => one?.data.buffer)).size).toBe(elements.length);
        }
      }),
    );
  });

  it("refuses an output that is not divided by the batch", () => {
    expect(() => splitTensors([tensor([1, 2], [1, 2])], [1, 1])).toThrow(/cannot be divided/);
  });
});
