import { ConfigError, type ConfigProblem } from "../../core/errors.ts";
import type { ModelMetadata, TensorMetadata } from "../../core/metadata.ts";
import type { SourceSpec } from "../../inputs/open-source.ts";
import type { Recipe } from "../../serving/recipe.ts";
import type { BenchSpec, Dimensions } from "../bench-spec.ts";
import { sourceSpecOf } from "../cell-specs.ts";
import { recipeFromText } from "../find-recipe.ts";
import type { Combination } from "../load-keys.ts";
import type { SourceFacts } from "../matrix.ts";
import { fitLists } from "./fit-lists.ts";
import {
  type ForeignForm,
  fixedSize,
  foreignForm,
  isFlat,
  isPictureInput,
  type Misfit,
} from "./foreign-form.ts";
import { BINARY_TENSOR_DATA, type ForeignServer, isOurs } from "./foreign-server.ts";
import { describeTensor, shapedInputs } from "./tensor-shape.ts";

/** What a bench with `--url` is planned by. */
export interface ForeignPlan {
  /** The lists that nobody typed, made to fit the server. */
  readonly dimensions: Dimensions;
  readonly notes: readonly string[];
  /** What the server says of every model, ours included. */
  readonly signatures: ReadonlyMap<string, ModelMetadata>;
  /** The recipe of a model that wirebench serves; `undefined` for others. */
  servedRecipe(model: string): Recipe | "raw" | undefined;
  /** Where frames of an input for a model come from; `undefined` for a model of ours: as always. */
  source(model: string, input: string): ForeignSource | undefined;
  form(combination: Combination, facts: SourceFacts): ForeignForm | Misfit | undefined;
}

export interface ForeignSource {
  readonly spec: SourceSpec;
  /** Of seeded tensors: their shapes, part of the `input` key. */
  readonly shapes?: string | undefined;
}

/** Seeded tensors take nothing from their frames but the number. */
const CARRIER_BYTES = 16;

/**
 * Plans by what a server says of itself.
 *
 * @param recipe - of `--recipe`; `undefined`: none was given.
 * @throws {ConfigError} for shapes that do not fit the models' inputs.
 */
export function planForeign(
  spec: BenchSpec,
  foreign: ForeignServer,
  recipe: Recipe | "raw" | undefined,
): ForeignPlan {
  const models = [...foreign.models].filter(([, metadata]) => isPlain(metadata, spec));
  const isBinary = foreign.transport !== "http" || foreign.server.extensions.includes(BINARY_TENSOR_DATA);
  const theirs = new Map(models);
  const fitted = fitLists(spec, { models, recipe, isBinary });
  const blocks = [fitted.dimensions, ...spec.also.map((block) => ({ ...fitted.dimensions, ...block }))];
  const synthetic = blocks.filter(({ input }) => input.includes("synthetic"));
  checkOptions(spec, {
    recipe,
    hasSynthetic: synthetic.length > 0,
    isAllTheirs: models.length === foreign.models.size,
    names: [...foreign.models.keys()],
  });
  const seeded = new Map<string, readonly TensorMetadata[]>();
  for (const [name, metadata] of models) {
    const own = synthetic.filter(({ model }) => model.includes(name));
    const encodings = own.flatMap(({ encoding }) => encoding);
    if (own.length > 0 && isSeeded(metadata, recipe, spec, encodings)) {
      seeded.set(name, shapedInputs(metadata, spec.shape ?? []));
    }
  }
  return {
    dimensions: fitted.dimensions,
    notes: [
      ...(models.length === 0 ? [] : [describeServer(foreign)]),
      ...models.map(([, metadata]) => describeModel(metadata)),
      ...fitted.notes,
      ...[...seeded].map(
        ([name, inputs]) =>
          `model '${name}': from synthetic input seeded tensors: ${inputs.map(describeTensor).join(", ")}`,
      ),
    ],
    signatures: foreign.models,
    servedRecipe(model) {
      const text = foreign.models.get(model)?.properties?.["wirebench_recipe"];
      return text === undefined || text === "raw" ? text : recipeFromText(text);
    },
    source(model, input) {
      const metadata = theirs.get(model);
      if (metadata === undefined) return undefined;
      const base = sourceSpecOf(spec, model, input);
      if (input !== "synthetic") return { spec: base };
      const inputs = seeded.get(model);
      if (inputs !== undefined) {
        return {
          spec: { ...base, synthetic: { kind: "bytes", bytes: CARRIER_BYTES } },
          shapes: inputs.map(({ shape }) => shape.join("x")).join("+"),
        };
      }
      return { spec: { ...base, synthetic: syntheticOf(metadata, recipe, spec, base) } };
    },
    form(combination, { spec: { input }, kinds }) {
      const { model = "", encoding = "binary", placement = "server" } = combination;
      const metadata = theirs.get(model);
      if (metadata === undefined) return undefined;
      if (!isBinary && encoding !== "json") {
        return {
          kind: "misfit",
          why: `the server at ${foreign.url} does not announce ${BINARY_TENSOR_DATA}: over http it takes json`,
        };
      }
      const inputs = input === "synthetic" ? seeded.get(model) : undefined;
      return foreignForm({ metadata, recipe, seeded: inputs, kinds, encoding, placement });
    },
  };
}

/** Whether a synthetic input means tensors made by the signature, not frames. */
function isSeeded(
  { inputs, platform }: ModelMetadata,
  recipe: Recipe | "raw" | undefined,
  { shape = [] }: BenchSpec,
  encodings: Dimensions["encoding"],
): boolean {
  if (recipe !== undefined && recipe !== "raw") return false;
  if (shape.length > 0 || inputs.length !== 1) return true;
  const compressed = encodings.some((encoding) => encoding === "jpeg" || encoding === "png");
  if (compressed && (inputs[0]?.datatype === "BYTES" || platform === "OpenVINO")) return false;
  return !isFlat(inputs) && !(recipe === undefined && isPictureInput(inputs[0]));
}

function syntheticOf(
  { inputs }: ModelMetadata,
  recipe: Recipe | "raw" | undefined,
  { size }: BenchSpec,
  { synthetic }: SourceSpec,
): SourceSpec["synthetic"] {
  const [input] = inputs;
  const plain = recipe === undefined || recipe === "raw";
  if (plain && isFlat(inputs)) {
    // As the built-in models are sent them, whatever the model's name.
    return synthetic.kind === "bytes"
      ? synthetic
      : { kind: "bytes", bytes: size?.kind === "bytes" ? size.bytes : 1_024 };
  }
  const wanted = (plain ? undefined : recipe.size) ?? fixedSize(input) ?? layoutSize(recipe, input);
  const scene =
    synthetic.kind === "scene" ? synthetic : { kind: "scene" as const, widthPx: 968, heightPx: 608 };
  return wanted === undefined ? scene : { kind: "scene", ...wanted };
}

/** The height and width that a model's input has where a recipe says. */
function layoutSize(
  recipe: Recipe | "raw" | undefined,
  input: TensorMetadata | undefined,
): { readonly widthPx: number; readonly heightPx: number } | undefined {
  if (recipe === undefined || recipe === "raw" || input?.shape.length !== 4) return undefined;
  const [heightPx = -1, widthPx = -1] = input.shape.slice(recipe.layout === "nhwc" ? 1 : 2);
  return heightPx > 0 && widthPx > 0 ? { widthPx, heightPx } : undefined;
}

/** Whether a model is sent its tensors as they are: not one of ours, unless shapes are given for what it takes raw. */
function isPlain(metadata: ModelMetadata, { shape = [] }: BenchSpec): boolean {
  if (!isOurs(metadata)) return true;
  return shape.length > 0 && (metadata.properties?.["wirebench_recipe"] ?? "raw") === "raw";
}

/** @throws {ConfigError} for options that mean nothing here. */
function checkOptions(
  { shape = [], reference }: BenchSpec,
  {
    recipe,
    hasSynthetic,
    isAllTheirs,
    names,
  }: {
    readonly recipe: Recipe | "raw" | undefined;
    readonly hasSynthetic: boolean;
    readonly isAllTheirs: boolean;
    readonly names: readonly string[];
  },
): void {
  const problems: ConfigProblem[] = [];
  if (shape.length > 0) {
    const made = recipe !== undefined && recipe !== "raw";
    if (made || !isAllTheirs) {
      problems.push({ path: "--shape", message: "the recipe says what the inputs are" });
    } else if (!hasSynthetic) {
      const message = "belongs to --input synthetic: frames have shapes of their own";
      problems.push({ path: "--shape", message });
    }
  }
  if (reference !== undefined && !isAllTheirs) {
    const message = "wirebench serves the model there: it is compared with the repository's own";
    problems.push({ path: "--reference", message });
  }
  if (reference !== undefined && names.length > 1) {
    const message = `one file is one model, got ${names.length} (${names.join(", ")}): measure each by itself`;
    problems.push({ path: "--reference", message });
  }
  if (problems.length > 0) throw new ConfigError(problems);
}

function describeServer({ server: { name, version, extensions }, url }: ForeignServer): string {
  const who = name === "" ? "does not say who it is" : `is ${[name, version].filter(Boolean).join(" ")}`;
  return `the server at ${url} ${who} (extensions: ${extensions.join(", ") || "none"})`;
}

function describeModel({ name, platform, inputs, outputs }: ModelMetadata): string {
  const list = (tensors: readonly TensorMetadata[]): string =>
    tensors.map(describeTensor).join(", ") || "not told";
  return `model '${name}'${platform === "" ? "" : ` (${platform})`}: ${list(inputs)} → ${list(outputs)}`;
}
