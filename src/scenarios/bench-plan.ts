import { basename } from "node:path";
import { BenchError } from "../core/errors.ts";
import { openSource } from "../inputs/open-source.ts";
import { meanRatePerSec } from "../load/arrival-times.ts";
import { readScheduleFile } from "../load/schedule-file.ts";
import { builtinModel } from "../serving/builtin.ts";
import type { Recipe } from "../serving/recipe.ts";
import { type ModelFile, openModel } from "../serving/repository.ts";
import type { BenchSpec, Dimensions } from "./bench-spec.ts";
import { brokerVersion } from "./broker-version.ts";
import { sourceSpecOf } from "./cell-specs.ts";
import { checkArrivals } from "./check-arrivals.ts";
import { checkGenerators } from "./check-generators.ts";
import { checkSize } from "./check-size.ts";
import { findRecipe } from "./find-recipe.ts";
import { type ForeignPlan, planForeign } from "./foreign/plan-foreign.ts";
import { probeServer } from "./foreign/probe-server.ts";
import type { RecordedTimes } from "./load-keys.ts";
import { expandMatrix, type SourceFacts } from "./matrix.ts";
import type { PlannedCells, PrepareOptions } from "./planned-cells.ts";
import { type PreparedAnswers, prepareAnswers } from "./prepare-answers.ts";
import { recordedTimes } from "./recorded-times.ts";

/** A bench that is ready to run: everything that could be wrong before the first request has been looked at. */
export interface BenchPlan extends PlannedCells, PreparedAnswers {}

/**
 * Opens inputs and models (generating what is to be generated), expands the matrix, and nothing else.
 * @throws {BenchError} for everything that is wrong with the matrix, an input or a model.
 */
export async function planCells(given: BenchSpec, { onProgress }: PrepareOptions): Promise<PlannedCells> {
  const recipe = given.recipe === undefined ? undefined : await findRecipe(given.recipe, given.repository);
  const foreign = await planServer(given, recipe);
  const spec: BenchSpec = {
    ...given,
    dimensions: foreign?.dimensions ?? given.dimensions,
    recipe: recipe === undefined || recipe === "raw" ? recipe : JSON.stringify(recipe),
  };
  const models = new Map<string, ModelFile | undefined>();
  const notes = new Set<string>(foreign?.notes);
  const facts = new Map<string, SourceFacts>();
  const blocks = [spec.dimensions, ...spec.also.map((block) => ({ ...spec.dimensions, ...block }))];
  for (const { model, input } of blocks) {
    for (const name of model) {
      const isForeign = foreign?.source(name, "synthetic") !== undefined;
      if (!models.has(name))
        models.set(name, isForeign ? undefined : await findModel(spec, name, onProgress));
      for (const path of input) {
        const key = `${name}\0${path}`;
        if (!facts.has(key))
          facts.set(key, await sourceFacts(spec, name, path, { file: models.get(name), foreign, notes }));
      }
    }
  }
  const scheduleFile = await readScheduleFacts(spec, blocks);
  const usesMqtt = blocks.some(({ transport }) => transport.includes("mqtt"));
  const mqttVersion = usesMqtt ? await brokerVersion(spec) : "";
  const takesImages = (model: string): boolean => {
    const known = recipe ?? models.get(model)?.recipe ?? foreign?.servedRecipe(model) ?? "raw";
    return known !== "raw" && builtinModel(model) === undefined;
  };
  const matrix = expandMatrix(spec, {
    takesImages,
    isBatched: (model) => {
      const file = models.get(model);
      return file?.dynamicBatching !== undefined && file.maxBatchSize > 1;
    },
    source: (model, input) => {
      const found = facts.get(`${model}\0${input}`);
      if (found === undefined) throw new Error(`input ${input} was not opened`);
      return found;
    },
    foreign: (combination) => {
      const { model = "", input = "" } = combination;
      const found = facts.get(`${model}\0${input}`);
      return found && foreign?.form(combination, found);
    },
    mqttVersion,
    scheduleFile,
  });
  checkSize(spec, matrix.cells, takesImages);
  checkGenerators(spec, matrix.cells);
  checkArrivals(spec, matrix.cells);
  const weights = [...models].flatMap(([name, file]) =>
    file === undefined ? [] : [[name, file.weights] as const],
  );
  return {
    spec,
    ...matrix,
    notes: [...notes],
    weights: Object.fromEntries(weights),
    signatures: foreign?.signatures ?? new Map(),
  };
}

/** Asks the server at `--url` what it is. */
async function planServer(
  spec: BenchSpec,
  recipe: Recipe | "raw" | undefined,
): Promise<ForeignPlan | undefined> {
  const { url, dimensions, also } = spec;
  if (url === undefined) return undefined;
  const models = new Set([dimensions, ...also].flatMap(({ model = [] }) => model));
  return planForeign(spec, await probeServer(spec, url, [...models]), recipe);
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
  {
    file,
    foreign,
    notes,
  }: {
    readonly file: ModelFile | undefined;
    readonly foreign: ForeignPlan | undefined;
    readonly notes: Set<string>;
  },
): Promise<SourceFacts> {
  const size = file?.recipe === "raw" ? undefined : file?.recipe.size;
  const elsewhere = foreign?.source(model, path);
  const source = elsewhere?.spec ?? sourceSpecOf(spec, model, path, size);
  const { name: found, frames, notes: said } = await openSource(source);
  const name = elsewhere?.shapes === undefined ? found : `${path}@${elsewhere.shapes}`;
  if (elsewhere?.shapes === undefined) notes.add(`input ${name}: ${said.join("; ")}`);
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
  return { ...planned, ...(await prepareAnswers(planned, options)) };
}
