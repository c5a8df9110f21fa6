import type { CoreFacts } from "./processes/commands.ts";

/** For a run's notes: how the pool behind the model really runs; empty where no ONNX Runtime does. */
export function workerPoolNotes({
  executionProvider,
  instances,
  threads,
  spinning,
}: CoreFacts): readonly string[] {
  if (executionProvider === "builtin") return [];
  const pool = instances === 1 ? "1 instance" : `${instances} instances`;
  const each = `${threads} ${threads === 1 ? "thread" : "threads"}${instances === 1 ? "" : " each"}`;
  return [`${pool}, ${each}; ONNX Runtime's threads ${spinning ? "spin" : "do not spin"}`];
}
