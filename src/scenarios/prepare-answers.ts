import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtinModel } from "../serving/builtin.ts";
import type { Cell } from "./cell.ts";
import { coreSpecOf } from "./cell-specs.ts";
import { Child } from "./child.ts";
import type { PlannedCells, PrepareOptions } from "./planned-cells.ts";
import type { ReferenceCommands } from "./processes/commands.ts";

/** What the answers of a bench are compared with: files that its generators read. */
export interface PreparedAnswers {
  /** File of a cell's reference answers; `undefined`: there is none. */
  reference(cell: Cell): string | undefined;
  /** File in which a cell's first answers are kept for the runs after it; `undefined`: there is a reference, or no need of one. */
  learned(cell: Cell): string | undefined;
  /** Removes the temporary files. Idempotent. */
  dispose(): Promise<void>;
}

/**
 * Runs the reference of every cell that can have one.
 * @throws {BenchError} for a device that cannot be had, or a model that cannot take the frames.
 */
export async function prepareAnswers(
  planned: PlannedCells,
  options: PrepareOptions,
): Promise<PreparedAnswers> {
  const folder = await mkdtemp(join(tmpdir(), "wirebench-"));
  const references = new Map<string, string>();
  const learned = new Map<string, string>();
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    for (const cell of planned.cells) {
      const group = groupOf(cell);
      if (!hasReference(cell, planned)) {
        if (cell.foreign === undefined) continue;
        const own = learningGroup(cell);
        learned.set(own, learned.get(own) ?? join(folder, `learned-${learned.size}.bin`));
        continue;
      }
      if (references.has(group)) continue;
      if (options.signal.aborted) throw options.signal.reason;
      const path = join(folder, `${references.size}.bin`);
      const what = cell.foreign === undefined ? cell.key.model : planned.spec.reference;
      options.onProgress(`reference answers of ${what} to ${cell.key.input}, in process`);
      await runReference(planned, cell, path, options.signal);
      references.set(group, path);
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    reference: (cell) => (hasReference(cell, planned) ? references.get(groupOf(cell)) : undefined),
    learned: (cell) => learned.get(learningGroup(cell)),
    dispose,
  };
}

function groupOf({ key, inputPath }: Cell): string {
  return [key.model, key.device ?? "", key.placement, inputPath].join("\0");
}

/** A JPEG is another picture than the one it was made of, and what a server makes of a PNG it alone knows. */
function learningGroup(cell: Cell): string {
  const what = cell.foreign?.kind === "compressed" ? cell.key.encoding : "tensors";
  return `${groupOf(cell)}\0${what}`;
}

/** Whether what a server answers can be computed here: the model is known, or `--reference` says that it is. */
function hasReference({ foreign, key }: Cell, { spec, weights }: PlannedCells): boolean {
  if (foreign === undefined) return builtinModel(key.model) !== undefined || weights[key.model] !== undefined;
  // What a server makes of a JPEG is not known.
  return spec.reference !== undefined && foreign.kind !== "compressed";
}

async function runReference(
  { spec, signatures }: PlannedCells,
  { key, foreign, warm, source }: Cell,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const metadata = signatures.get(key.model);
  const child = new Child<ReferenceCommands>({ role: "reference", tuning: "defaults" });
  const stop = (): void => void child.end();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await child.ask("answer", {
      model: key.model,
      core: coreSpecOf(spec, key),
      // On a GPU where each node runs is verified with what is warmed: a misfit is found before the first request.
      warm: key.device === "gpu" ? warm : [],
      placement: key.placement,
      frames: source,
      local:
        foreign === undefined || spec.reference === undefined || metadata === undefined
          ? undefined
          : { file: spec.reference, metadata, foreign },
      path,
    });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", stop);
    await child.end();
  }
}
