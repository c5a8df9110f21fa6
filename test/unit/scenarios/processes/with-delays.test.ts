import { expect, it } from "vitest";
import { DELAY_US } from "../../../../src/core/parameters.ts";
import type { Prepared } from "../../../../src/load/load-context.ts";
import type { FrameWork } from "../../../../src/scenarios/preparation.ts";
import { withDelays } from "../../../../src/scenarios/processes/with-delays.ts";

const request = (id: string) => ({ modelName: "delay", id, parameters: { kept: true }, inputs: [] });

function work(isLater: boolean): FrameWork {
  return {
    preparation: {
      prepare: (_frame, id) =>
        isLater ? Promise.resolve({ request: request(id) }) : { request: request(id) },
    },
    close: async () => {},
  };
}

it.each([false, true])(
  "asks for each request's own delay, and the warm-up asks for none (later: %s)",
  async (isLater) => {
    const { preparation } = withDelays(work(isLater), { delaysUs: [7, 0, 9], idPrefix: "0-" });
    const delayOf = async (id: string): Promise<unknown> => {
      const prepared: Prepared = await preparation.prepare(0, id);
      expect(prepared.request.parameters?.["kept"]).toBe(true);
      return prepared.request.parameters?.[DELAY_US];
    };
    expect([await delayOf("0-0"), await delayOf("0-1"), await delayOf("0-2")]).toEqual([7, 0, 9]);
    expect([await delayOf("0-w0"), await delayOf("0-w1"), await delayOf("0-w2")]).toEqual([0, 0, 0]);
  },
);

it("changes nothing where no delays are given", () => {
  const same = work(false);
  expect(withDelays(same, { idPrefix: "0-" })).toBe(same);
});
