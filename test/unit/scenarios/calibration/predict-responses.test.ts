import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../../../src/core/random.ts";
import { predictResponses } from "../../../../src/scenarios/calibration/predict-responses.ts";

const MS = 1e6;

describe("predictResponses", () => {
  it("is the work and the way for requests that do not meet", () => {
    const predicted = predictResponses({
      intendedNs: [0, 10 * MS, 20 * MS],
      serviceNs: [5 * MS, 6 * MS, 7 * MS],
      pathNs: 0.5 * MS,
    });
    expect([...predicted]).toEqual([5.5 * MS, 6.5 * MS, 7.5 * MS]);
  });

  it("makes those behind a stall wait for what is left of it, and for each other", () => {
    const predicted = predictResponses({
      intendedNs: [0, 25, 50, 75, 2000].map((ms) => ms * MS),
      serviceNs: [1400, 5, 5, 5, 5].map((ms) => ms * MS),
      pathNs: 0,
    });
    expect([...predicted].map((ns) => ns / MS)).toEqual([1400, 1380, 1360, 1340, 5]);
  });

  it("is what a queue played event by event gives, for any schedule, work and way there", () => {
    const requests = fc.array(fc.record({ gap: fc.nat(50), work: fc.nat(80) }), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(requests, fc.nat(30), fc.nat(30), (list, there, back) => {
        let at = 0;
        const intendedNs = list.map(({ gap }) => (at += gap));
        const serviceNs = list.map(({ work }) => work);
        const predicted = predictResponses({ intendedNs, serviceNs, pathNs: there + back });
        expect([...predicted]).toEqual(played(intendedNs, serviceNs, there, back));
      }),
    );
  });

  it("agrees with Pollaczek and Khinchine on the mean wait of M/D/1 at a load of 0.8", () => {
    const random = createRandom(11);
    const count = 400_000;
    let at = 0;
    const intendedNs = Float64Array.from({ length: count }, () => {
      at += -Math.log(1 - random.fraction()) / 0.8;
      return at;
    });
    const predicted = predictResponses({ intendedNs, serviceNs: new Float64Array(count).fill(1), pathNs: 0 });
    const meanWait = predicted.reduce((sum, response) => sum + response - 1, 0) / count;
    // ρ / (2 (1 − ρ)) services.
    expect(meanWait).toBeGreaterThan(1.9);
    expect(meanWait).toBeLessThan(2.1);
  });
});

/** One server that looks at its queue at every tick. */
function played(
  intended: readonly number[],
  work: readonly number[],
  there: number,
  back: number,
): readonly number[] {
  const queue: number[] = [];
  const done: number[] = [];
  let arrived = 0;
  let working: { readonly request: number; readonly until: number } | undefined;
  for (let tick = 0; done.length < intended.length || working !== undefined; tick += 1) {
    while (arrived < intended.length && intended[arrived]! + there === tick) queue.push(arrived++);
    for (;;) {
      if (working !== undefined && working.until === tick) {
        done[working.request] = tick + back - intended[working.request]!;
        working = undefined;
      }
      if (working !== undefined || queue.length === 0) break;
      const request = queue.shift()!;
      working = { request, until: tick + work[request]! };
    }
    if (tick > 100_000) throw new Error("never ends");
  }
  return done;
}
