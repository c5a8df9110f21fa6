import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { BenchError } from "../core/errors.ts";
import { openSource } from "../inputs/open-source.ts";
import { meanRatePerSec } from "../load/arrival-times.ts";
import { readScheduleFile } from "../load/schedule-file.ts";
import { builtinModel } from "../serving/builtin.ts";
import { readRecipe } from "../serving/recipe.ts";
import { type ModelFile, openModel } from "../serving/repository.ts";
import type { BenchSpec, Dimensions } from "./bench-spec.ts";
import { brokerVersion } from "./broker-version.ts";
import type { Cell } from "./cell.ts";
import { coreSpecOf, sourceSpecOf } from "./cell-specs.ts";
import { checkGenerators } from "./check-generators.ts";
import { Child } from "./child.ts";
import type { RecordedTimes } from "./load-keys.ts";
import { expandMatrix, type SourceFacts } from "./matrix.ts";
import type { ReferenceCommands } from "./processes/commands.ts";
import { recordedTimes } from "./recorded-times.ts";

/** A bench that is ready to run: everything that could be wrong before the first request has been looked at. */
export interface BenchPlan {
  readonly spec: BenchSpec;
  readonly cells: readonly Cell[];
  /** Combinations that cannot be, in words. */
  readonly skipped: readonly string[];
  /** About inputs and models, for the report. */
  readonly notes: readonly string[];
  /** `seeded` or `trained` weights, by model; built-in and foreign models are not in it. */
  readonly weights: Readonly<Record<string, string>>;
  /** File of a cell's reference answers; `undefined`: there is none. */
  reference(cell: Cell): string | undefined;
  /** Removes the temporary files. Idempotent. */
  dispose(): Promise<void>;
}

export interface PrepareOptions {
  readonly signal: AbortSignal;
  /** A line about what takes time. */
  onProgress(line: string): void;
}

/**
 * Opens inputs and models (generating what is to be generated), expands the matrix, and nothing else.
 * @throws {BenchError} for everything that is wrong with the matrix, an input or a model.
 */
export async function planCells(
  spec: BenchSpec,
  { onProgress }: PrepareOptions,
): Promise<Omit<BenchPlan, "reference" | "dispose">> {
  if (spec.recipe !== undefined && spec.recipe !== "raw") await readRecipe(spec.recipe);
  const models = new Map<string, ModelFile | undefined>();
  const notes = new Set<string>();
  const facts = new Map<string, SourceFacts>();
  const blocks = [spec.dimensions, ...spec.also.map((block) => ({ ...spec.dimensions, ...block }))];
  for (const { model, input } of blocks) {
    for (const name of model) {
      if (!models.has(name)) models.set(name, await findModel(spec, name, onProgress));
      for (const path of input) {
        const key = `${name}\0${path}`;
        if (!facts.has(key))
          facts.set(key, await sourceFacts(spec, name, path, { file: models.get(name), notes }));
      }
    }
  }
  const scheduleFile = await readScheduleFacts(spec, blocks);
  const usesMqtt = blocks.some(({ transport }) => transport.includes("mqtt"));
  const mqttVersion = usesMqtt ? await brokerVersion(spec) : "";
  const matrix = expandMatrix(spec, {
    takesImages: (model) => {
      const recipe = spec.recipe ?? models.get(model)?.recipe ?? "raw";
      return recipe !== "raw" && builtinModel(model) === undefined;
    },
    isBatched: (model) => {
      const file = models.get(model);
      return file?.dynamicBatching !== undefined && file.maxBatchSize > 1;
    },
    source: (model, input) => {
      const found = facts.get(`${model}\0${input}`);
      if (found === undefined) throw new Error(`input ${input} was not opened`);
      return found;
    },
    mqttVersion,
    scheduleFile,
  });
  checkGenerators(spec, matrix.cells);
  const weights = [...models].flatMap(([name, file]) =>
    file === undefined ? [] : [[name, file.weights] as const],
  );
  return { spec, ...matrix, notes: [...notes], weights: Object.fromEntries(weights) };
}

/** Reads the file of timestamps where cells follow it. */
async function readScheduleFacts(
  { arrivals, schedule }: BenchSpec,
  blocks: readonly Pick<Dimensions, "scenario">[],
): Promise<RecordedTimes | undefined> {
  const isNeeded = arrivals === "file" && blocks.some(({ scenario }) => scenario.includes("open-loop"));
  if (!isNeeded || schedule === undefined) return undefined;
  const timesNs = await readScheduleFile(schedule);
  return { name: basename(schedule), ratePerSec: meanRatePerSec({ kind: "times", timesNs }) };
}

/** A model of the repository; `undefined` for built-in ones, and for names that only a server elsewhere knows. */
async function findModel(
  spec: BenchSpec,
  name: string,
  onProgress: (line: string) => void,
): Promise<ModelFile | undefined> {
  if (builtinModel(name) !== undefined) return undefined;
  try {
    return await openModel(spec.repository, name, { onProgress });
  } catch (error) {
    if (spec.url !== undefined && error instanceof BenchError && error.code === "ERR_MODEL") return undefined;
    throw error;
  }
}

async function sourceFacts(
  spec: BenchSpec,
  model: string,
  path: string,
  { file, notes }: { readonly file: ModelFile | undefined; readonly notes: Set<string> },
): Promise<SourceFacts> {
  const size = file?.recipe === "raw" ? undefined : file?.recipe.size;
  const source = sourceSpecOf(spec, model, path, size);
  const { name, frames, notes: said } = await openSource(source);
  notes.add(`input ${name}: ${said.join("; ")}`);
  const kinds = new Map(
    frames.map(({ widthPx, heightPx, encoding }) => {
      const kind = { widthPx, heightPx, encoding };
      return [Object.values(kind).join(), kind] as const;
    }),
  );
  const recorded = recordedTimes(frames);
  if (recorded?.note !== undefined && spec.arrivals === "recording")
    notes.add(`input ${name}: ${recorded.note}`);
  return {
    name,
    spec: source,
    kinds: [...kinds.values()],
    recorded: recorded && {
      name,
      ratePerSec: meanRatePerSec({ kind: "times", timesNs: recorded.timesNs }),
    },
  };
}

/**
 * Plans the cells and runs the reference of each: the same frames, in process, losslessly, on the same device.
 * @throws {BenchError} also for a device that cannot be had, or a model that cannot take the frames.
 */
export async function prepareBench(spec: BenchSpec, options: PrepareOptions): Promise<BenchPlan> {
  const planned = await planCells(spec, options);
  const folder = await mkdtemp(join(tmpdir(), "wirebench-"));
  const files = new Map<string, string>();
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const groupOf = ({ key, inputPath }: Cell): string =>
    [key.model, key.device ?? "", key.placement, inputPath].join("\0");
  try {
    for (const cell of planned.cells) {
      const group = groupOf(cell);
      if (files.has(group) || !isKnown(cell, planned.weights)) continue;
      if (options.signal.aborted) throw options.signal.reason;
      const path = join(folder, `${files.size}.bin`);
      options.onProgress(`reference answers of ${cell.key.model} to ${cell.key.input}, in process`);
      await runReference(spec, cell, path, options.signal);
      files.set(group, path);
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return { ...planned, reference: (cell) => files.get(groupOf(cell)), dispose };
}

/** Whether the model can be run here. */
function isKnown({ key }: Cell, weights: Readonly<Record<string, string>>): boolean {
  return builtinModel(key.model) !== undefined || weights[key.model] !== undefined;
}

async function runReference(spec: BenchSpec, cell: Cell, path: string, signal: AbortSignal): Promise<void> {
  const child = new Child<ReferenceCommands>({ role: "reference", tuning: "defaults" });
  const stop = (): void => void child.end();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await child.ask("answer", {
      model: cell.key.model,
      core: coreSpecOf(spec, cell.key),
      // On a GPU where each node runs is verified with what is warmed: a misfit is found before the first request.
      warm: cell.key.device === "gpu" ? cell.warm : [],
      placement: cell.key.placement,
      frames: cell.source,
      path,
    });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", stop);
    await child.end();
  }
}
