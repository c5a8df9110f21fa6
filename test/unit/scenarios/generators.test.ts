import { expect, test } from "vitest";
import { packRecord } from "../../../src/recording/packed-record.ts";
import { createRecorder } from "../../../src/recording/recorder.ts";
import { type GeneratorChild, startGenerators } from "../../../src/scenarios/generators.ts";
import type { GeneratorStart } from "../../../src/scenarios/processes/commands.ts";

const START = {
  load: {
    scenario: "closed-loop",
    concurrency: 4,
    durationMs: 1000,
    timeoutMs: 1000,
    warmup: { kind: "auto" },
    seed: 1,
  },
  connections: 4,
  idPrefix: "0-",
  part: { index: 0, of: 1 },
  recording: {},
} as unknown as GeneratorStart;

/** A generator that answers one request, but for the commands that fail. */
function madeChild(name: string, fails: readonly string[] = []) {
  const asked: string[] = [];
  let idPrefix = "";
  const answers: Record<string, (argument: unknown) => unknown> = {
    start: (argument) => {
      ({ idPrefix } = argument as GeneratorStart);
      return { protocolVersion: "1", notes: [], retrieveNs: [] };
    },
    measure: () => ({
      answers: { compared: 1, identical: 1, agreementSum: 100 },
      cost: { cpuMs: 2, peakRssMb: 1 },
    }),
    record: () => {
      const recorder = createRecorder({ clockId: "ours" });
      recorder.started(recorder.scheduled(0, 10), 0, 10);
      recorder.answered(0, 20);
      const window = { windowStartNs: 0, windowEndNs: 100, timeoutMs: 5, concurrency: 2, aborted: false };
      return packRecord(recorder.finish({ idPrefix, ...window }));
    },
  };
  const child = {
    ask: async (command: string, argument: unknown) => {
      asked.push(`${name} ${command}`);
      if (fails.includes(command)) throw new Error(`${name} was killed`);
      return answers[command]?.(argument);
    },
  };
  return { asked, child: child as unknown as GeneratorChild };
}

test.each(["measure", "record"])("what the others measured is kept when one fails to %s", async (command) => {
  const [one, other] = [madeChild("one", [command]), madeChild("other")];
  const generators = await startGenerators([one.child, other.child], START);
  const { cost } = await generators.measure();
  expect(cost.cpuMs).toBe(command === "measure" ? 2 : 4);
  const record = await generators.record([]);
  expect(record).toMatchObject({ rows: 1, idPrefix: "0-g1-" });
  expect(generators.failure()).toBe("one was killed; counted is what 1 of 2 generators measured");
  // Another load than was asked for is not measured any longer.
  expect(other.asked.includes("other abort")).toBe(command === "measure");
});

test("nothing has failed when all measured, and all of it is counted", async () => {
  const children = [madeChild("one"), madeChild("other")];
  const generators = await startGenerators(
    children.map(({ child }) => child),
    START,
  );
  expect((await generators.measure()).answers.compared).toBe(2);
  expect((await generators.record([])).rows).toBe(2);
  expect(generators.failure()).toBeUndefined();
});

test("one generator alone fails the run as it failed itself", async () => {
  const { child } = madeChild("one", ["measure"]);
  const generators = await startGenerators([child], START);
  await expect(generators.measure()).rejects.toThrow("one was killed");
});

test("every generator hands over what it learned, one after the other", async () => {
  const children = [madeChild("one", ["keepAnswers"]), madeChild("other")];
  const generators = await startGenerators(
    children.map(({ child }) => child),
    START,
  );
  await generators.measure();
  await generators.record([]);
  expect(await generators.keepAnswers()).toEqual(["one was killed"]);
  expect(children.map(({ asked }) => asked.at(-1))).toEqual(["one keepAnswers", "other keepAnswers"]);
});
