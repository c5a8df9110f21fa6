import path from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { DEVICES, type Device } from "../core/cell.ts";
import type { Frame } from "../core/frame.ts";
import { type Answer, classShares } from "../scenarios/inference/answer.ts";
import { choosePalette } from "../scenarios/inference/choose-palette.ts";
import { className, drawAnswer, rankLines, tensorLine } from "../scenarios/inference/draw-answer.ts";
import type { InferredFrame } from "../scenarios/inference/infer-frame.ts";
import { type Inference, openInference } from "../scenarios/inference/open-inference.ts";
import { stageFiles } from "../scenarios/inference/staged-files.ts";
import type { Size } from "../vision/resize.ts";
import { runWithGpuLibraries } from "./gpu-process.ts";
import { listenForInterrupt } from "./interrupt.ts";

interface InferOptions {
  readonly model: string;
  readonly input: string;
  readonly topic?: string;
  readonly size?: Size;
  readonly frames: number;
  readonly device: Device;
  readonly repository: string;
  readonly palette?: string;
  readonly alpha: number;
  readonly out: string;
}

const EXAMPLES = `
Of a mask three pictures are written: …-mask.png (the class ids as grey values), …-colours.png and …-overlay.png;
of other answers …-answer.txt. Either all files are written or none.

Examples:
  $ npm run infer -- --model m1-small --input rosbag-samples/street.bag --out /tmp/answers
  $ npm run infer -- --model street --input photo.jpg --palette cityscapes --out /tmp/answers
  $ npm run infer -- --model mobilenet_v2 --input photos --frames 10 --out /tmp/answers`;

/** `infer`: frames through the serving core without a server, answers as pictures and text. */
export function inferCommand(): Command {
  return new Command("infer")
    .description("Look at a model's answers: frames through the core, without a server.")
    .requiredOption("--model <name>", "a model of the repository (npm run models)")
    .requiredOption("--input <path>", "a ROS bag, an image, a folder of images, or synthetic")
    .requiredOption("--out <dir>", "where the pictures and texts go")
    .option("--topic <name>", "image topic of a bag (default: its first)")
    .option("--size <WxH>", "resize frames before they are inferred", parseSize)
    .option("--frames <n>", "how many frames, from the first", parseFrames, 1)
    .addOption(new Option("--device <device>", "where the model runs").choices(DEVICES).default("cpu"))
    .option("--palette <name|file>", "cityscapes, aiedge, or an XML palette (default: by the classes)")
    .option("--alpha <share>", "of the mask in the overlay, 0 to 1", parseShare, 0.5)
    .option("--repository <dir>", "the model repository", "models")
    .addHelpText("after", EXAMPLES)
    .action(infer);
}

async function infer(options: InferOptions): Promise<void> {
  const elsewhere = options.device === "gpu" ? await runWithGpuLibraries() : undefined;
  if (elsewhere !== undefined) {
    process.exitCode = elsewhere;
    return;
  }
  const interrupt = listenForInterrupt();
  try {
    await inferAll(options, interrupt.signal);
  } catch (error) {
    const code = interrupt.exitCode();
    if (code === undefined) throw error;
    console.error("interrupted: nothing was written");
    process.exitCode = code;
  }
}

async function inferAll(options: InferOptions, signal: AbortSignal): Promise<void> {
  const { model, input, topic, size, frames: maxFrames, device, repository, out, alpha } = options;
  const palette = await choosePalette(options.palette);
  const files = await stageFiles(out);
  let inference: Inference | undefined;
  try {
    const spec = { model, repository, device, source: { input, topic, size, maxFrames } };
    inference = await openInference(spec, (line) => console.error(line));
    console.log(headLine(model, inference));
    const { labels } = inference;
    const notes = new Set<string>();
    for (const frame of inference.frames.frames) {
      signal.throwIfAborted();
      const inferred = await inference.infer(frame, signal);
      const fitted = palette.fit(labels, classesSeen(inferred.answer));
      if (inferred.answer.kind === "mask" && fitted.note !== "") notes.add(fitted.note);
      const drawn = await drawAnswer(frame, inferred.answer, { palette: fitted.palette, alpha, labels });
      for (const { suffix, data } of drawn) await files.write(fileName(options, frame, suffix), data);
      for (const line of frameLines(frame, inferred, labels)) console.log(line);
    }
    for (const note of notes) console.error(note);
    signal.throwIfAborted();
    for (const file of await files.publish()) console.log(file);
  } finally {
    await files.discard();
    await inference?.close();
  }
}

function headLine(model: string, { frames, weights, executionProvider, threads }: Inference): string {
  const where = executionProvider === "CPUExecutionProvider" ? `cpu, ${threads} threads` : executionProvider;
  const seeded = weights === "seeded" ? "; its weights are random numbers: the answers mean nothing" : "";
  return `${model} on ${where}: ${frames.name} (${frames.notes.join("; ")})${seeded}`;
}

function fileName({ model, input }: InferOptions, { index }: Frame, suffix: string): string {
  const stem = input === "synthetic" ? input : path.parse(path.resolve(input)).name;
  return `${stem}-${model}-${String(index).padStart(4, "0")}-${suffix}`;
}

function classesSeen(answer: Answer): number {
  return answer.kind === "mask" ? answer.ids.reduce((most, id) => Math.max(most, id), 0) + 1 : 0;
}

/** What is printed of one frame: its times, then its answer. */
export function frameLines(
  { index }: Frame,
  { answer, stages, totalMs }: InferredFrame,
  labels: readonly string[],
): readonly string[] {
  const times = stages.map(({ stage, ms }) => `${stage} ${ms.toFixed(2)}`).join(", ");
  return [`frame ${index}: ${totalMs.toFixed(2)} ms (${times})`, ...answerLines(answer, labels)];
}

const MOST_CLASSES = 8;

function answerLines(answer: Answer, labels: readonly string[]): readonly string[] {
  switch (answer.kind) {
    case "mask": {
      const shares = classShares(answer);
      const named = shares
        .slice(0, MOST_CLASSES)
        .map(({ id, share }) => `${className(id, labels)} ${(share * 100).toFixed(1)} %`);
      const others = shares.length > MOST_CLASSES ? `, ${shares.length - MOST_CLASSES} more` : "";
      return [`  mask ${answer.widthPx}x${answer.heightPx}: ${named.join(", ")}${others}`];
    }
    case "top-k":
      return rankLines(answer, labels).map((line) => `  ${line}`);
    case "tensors":
      return answer.tensors.map((tensor) => `  ${tensorLine(tensor)}`);
  }
}

function parseSize(text: string): Size {
  const match = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(text);
  if (match === null) throw new InvalidArgumentError("Expected WIDTHxHEIGHT in pixels, such as 968x608.");
  return { widthPx: Number(match[1]), heightPx: Number(match[2]) };
}

function parseFrames(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("Expected a whole number from 1.");
  return Number(text);
}

function parseShare(text: string): number {
  const share = Number(text);
  if (!/^[\d.]+$/.test(text) || !(share >= 0 && share <= 1)) {
    throw new InvalidArgumentError("Expected a number from 0 to 1.");
  }
  return share;
}
