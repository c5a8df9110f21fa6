import { expect, it } from "vitest";
import { coreFacts } from "../../../src/scenarios/processes/core.ts";
import { workerPoolNotes } from "../../../src/scenarios/worker-pool-notes.ts";
import type { Engine } from "../../../src/serving/engine.ts";
import type { EngineSettings } from "../../../src/serving/engine-options.ts";
import { engineSettings } from "../../../src/serving/engine-options.ts";

function notesOf(settings: EngineSettings, executionProvider = "CPUExecutionProvider"): readonly string[] {
  return workerPoolNotes(coreFacts({ settings, executionProvider, deviceNotes: [] } as unknown as Engine));
}
const options = { models: ["m"], repositoryDir: "models" };

it("says how many instances and threads there are, and whether the threads spin", () => {
  expect(notesOf(engineSettings(options, 2))).toEqual([
    "1 instance, 2 threads; ONNX Runtime's threads do not spin",
  ]);
  expect(notesOf(engineSettings({ ...options, instances: 2, allowSpinning: true }, 2))).toEqual([
    "2 instances, 1 thread each; ONNX Runtime's threads spin",
  ]);
});

it("says nothing of a model without ONNX Runtime", () => {
  expect(notesOf(engineSettings(options, 2), "builtin")).toEqual([]);
});
