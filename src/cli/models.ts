import { Command, InvalidArgumentError } from "commander";
import { addModel } from "../serving/add-model.ts";
import { generateModel } from "../serving/generate-model.ts";
import { type ListedModel, listModels } from "../serving/list-models.ts";
import type { Signature } from "../serving/onnx/signature.ts";

interface SizePx {
  readonly widthPx: number;
  readonly heightPx: number;
}

function parseSize(text: string): SizePx {
  const match = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(text);
  if (match === null) throw new InvalidArgumentError("expected WIDTHxHEIGHT in pixels, e.g. 968x608.");
  return { widthPx: Number(match[1]), heightPx: Number(match[2]) };
}

function parseSeed(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("expected a whole number from 0 to 999999999.");
  return Number(text);
}

function tensorText(tensor: Signature["inputs"][number]): string {
  return `${tensor.datatype} ${tensor.shape.map((size) => (size < 0 ? "?" : String(size))).join("x")}`;
}

/** One of several tensors is shown, the others are counted: the list has 120 columns. */
function tensorsText(tensors: Signature["inputs"] | undefined): string {
  const [first, ...others] = tensors ?? [];
  if (first === undefined) return "";
  return others.length === 0 ? tensorText(first) : `${tensorText(first)} +${others.length}`;
}

function inMillions(count: number | undefined, digits: number): string {
  return count === undefined ? "" : (count / 1e6).toFixed(digits);
}

const HEADER = ["model", "inputs", "outputs", "M params", "M MACs", "at", "bytes", "weights"] as const;
/** Columns of numbers are set to the right. */
const RIGHT = [false, false, false, true, true, false, true, false] as const;
const TABLE_COLUMNS = 120;
const GAP = "  ";

function row(model: ListedModel): readonly string[] {
  return [
    model.state === "on demand" ? `${model.name} *` : model.name,
    model.state === "broken" ? "broken" : tensorsText(model.signature?.inputs),
    tensorsText(model.signature?.outputs),
    inMillions(model.parameters, 2),
    inMillions(model.macs, 0),
    model.macs === undefined || model.size === undefined
      ? ""
      : `${model.size.widthPx}x${model.size.heightPx}`,
    model.bytes?.toLocaleString("en-US") ?? "",
    model.weights ?? "",
  ];
}

function footnotes(models: readonly ListedModel[]): string[] {
  const notes: string[] = [];
  if (models.some(({ state }) => state === "on demand")) notes.push("* generated when first used");
  for (const { name, publishedBytes, bytes } of models) {
    if (publishedBytes !== undefined && bytes !== undefined) {
      const share = ((bytes / publishedBytes) * 100).toFixed(0);
      notes.push(`${name}: ours has ${share} % of the published size (${inMillions(publishedBytes, 1)} MB)`);
    }
  }
  for (const { name, problem } of models) if (problem !== undefined) notes.push(`${name}: ${problem}`);
  return notes;
}

/** The list of models as text, at most 120 columns wide; free dimensions are `?`, `at` is the size of pictures for the MACs. */
export function modelTable(models: readonly ListedModel[]): string {
  const rows = [HEADER, ...models.map(row)];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const others = widths.slice(1).reduce((sum, width) => sum + width + GAP.length, 0);
  // Names give way: the rest of a row must stay readable.
  widths[0] = Math.min(widths[0] ?? 0, Math.max(16, TABLE_COLUMNS - others));
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        const text = cell.length > width ? `${cell.slice(0, width - 1)}…` : cell;
        return RIGHT[column] ? text.padStart(width) : text.padEnd(width);
      })
      .join(GAP)
      .trimEnd(),
  );
  return [...lines, "", ...footnotes(models)].join("\n");
}

const repositoryOption = ["--repository <dir>", "the model repository", "models"] as const;

function addCommand(): Command {
  return new Command("add")
    .description("Adds an ONNX file; what cannot be read from it is guessed, and said.")
    .argument("<file>", "an ONNX file with one input")
    .option("--name <name>", "its name in the repository (default: the file's)")
    .option("--labels <file>", "names of the classes, one a line, class 0 first")
    .option("--recipe <file>", "how pictures go in and answers come out (JSON), or: raw")
    .option("--size <WxH>", "the size to which pictures are resized", parseSize)
    .option("--replace", "replace another model of that name", false)
    .option(...repositoryOption)
    .action(
      async (
        file: string,
        options: {
          readonly name?: string;
          readonly labels?: string;
          readonly recipe?: string;
          readonly size?: SizePx;
          readonly replace: boolean;
        },
        command: Command,
      ) => {
        const { repository } = command.optsWithGlobals<{ repository: string }>();
        const { file: added, notes } = await addModel(file, {
          repositoryDir: repository,
          name: options.name,
          labelsFile: options.labels,
          recipeFile: options.recipe,
          size: options.size,
          replace: options.replace,
        });
        for (const note of notes) console.log(note);
        console.log(`added ${added.name} (${added.bytes.toLocaleString("en-US")} bytes): ${added.path}`);
      },
    );
}

function generateCommand(): Command {
  return new Command("generate")
    .description("Generates a model of the zoo anew; used ones are generated by themselves.")
    .argument("<name>", "e.g. m1-small")
    .option("--seed <number>", "of the random weights", parseSeed, 1)
    .option(...repositoryOption)
    .action(async (name: string, options: { readonly seed: number }, command: Command) => {
      const { repository } = command.optsWithGlobals<{ repository: string }>();
      await generateModel(repository, name, {
        seed: options.seed,
        replace: true,
        onProgress: (line) => console.log(line),
      });
      console.log(`generated ${name}`);
    });
}

/** `models`: lists, adds and generates models. Results are printed; errors are thrown. */
export function modelsCommand(): Command {
  return new Command("models")
    .description("Lists the models of the repository, adds ONNX files to it, generates the zoo's.")
    .option(...repositoryOption)
    .addCommand(addCommand())
    .addCommand(generateCommand())
    .addHelpText(
      "after",
      `
Examples:
  npm run models
  npm run models -- add mobilenet_v2.onnx --labels imagenet_labels.txt
  npm run models -- add deeplab.onnx --name street --size 968x608
  npm run models -- generate m1-small --seed 7`,
    )
    .action(async (options: { readonly repository: string }) => {
      console.log(modelTable(await listModels(options.repository)));
    });
}
