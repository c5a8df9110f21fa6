import { messageOf, ServingError } from "../core/errors.ts";
import { DATATYPE_BYTES, elementCount, type Tensor } from "../core/tensor.ts";
import { openCpuSession } from "./cpu-session.ts";
import { DEFAULT_SIZE, imageInput } from "./fit-recipe.ts";
import { buildPipelineGraph } from "./graphs/pipeline-graph.ts";
import { freeBatch } from "./onnx/free-batch.ts";
import { type OnnxModel, writeModel } from "./onnx/model-file.ts";
import { readSignature, type Signature } from "./onnx/signature.ts";
import type { OnnxSession } from "./onnx-session.ts";
import type { Recipe } from "./recipe.ts";
import { createSeededWeights } from "./zoo/seeded-weights.ts";

/** The size of pictures on which a model is tried: the recipe's, the model's own, else 968x608. */
export function trialSize(
  recipe: Recipe,
  signature: Signature,
): { readonly widthPx: number; readonly heightPx: number } {
  return imageInput(recipe, signature).size ?? DEFAULT_SIZE;
}

/** The shape of a model's input for pictures of a size. */
export function inputShape(
  recipe: Recipe,
  { widthPx, heightPx }: { readonly widthPx: number; readonly heightPx: number },
  batch: number,
): number[] {
  return recipe.layout === "nhwc" ? [batch, heightPx, widthPx, 3] : [batch, 3, heightPx, widthPx];
}

/**
 * Runs a picture through the fused graph once, so that a misfit shows when a model is added and not in a bench.
 * @throws {ServingError} ERR_MODEL when the model does not run on pictures of the recipe's size.
 */
export async function tryPipeline(bytes: Uint8Array, recipe: Recipe, signature: Signature): Promise<void> {
  const { widthPx, heightPx } = trialSize(recipe, signature);
  const session = await openCpuSession(
    buildPipelineGraph(bytes, recipe, "rgb8"),
    "with its pre- and post-processing",
  );
  try {
    const data = new Uint8Array(widthPx * heightPx * 3).fill(128);
    await session.run([{ name: "image", datatype: "UINT8", shape: [1, heightPx, widthPx, 3], data }]);
  } catch (cause) {
    const text = `does not run on pictures of ${widthPx}x${heightPx} (another size: --size WxH): ${refusalOf(cause)}`;
    throw new ServingError("ERR_MODEL", text, { cause });
  } finally {
    await session.release();
  }
}

/** What ONNX Runtime says of a failed run, without the place in its own source. */
function refusalOf(cause: unknown): string {
  const text = messageOf(cause);
  const [, operator, status = ""] = /running (\S+) node\..*?Status Message: (.*)$/.exec(text) ?? [];
  if (operator === undefined) return text;
  const reason = /^\S+:\d+ /.test(status) ? status.split(/\) (?:const )?/).at(-1) : status;
  return `${operator}: ${reason}`;
}

/** Noise of a datatype that every number of is valid: bytes 0..255, or floats around 0. */
function noise(shape: readonly number[], datatype: Tensor["datatype"], seed: number): Uint8Array | undefined {
  const values = createSeededWeights(seed).normal(elementCount(shape), 1);
  if (datatype === "FP32") return new Uint8Array(values.buffer);
  if (datatype === "UINT8" || datatype === "INT8")
    return Uint8Array.from(values, (value) => 128 + value * 40);
  return undefined;
}

/** Whole numbers must agree in 99.9 % of places; floats may differ by what another order of addition does. */
function agrees(datatype: Tensor["datatype"], a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) return false;
  if (datatype === "FP32") {
    const [x, y] = [a, b].map((bytes) => new Float32Array(new Uint8Array(bytes).buffer)) as [
      Float32Array,
      Float32Array,
    ];
    const largest = x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return x.every((value, index) => Math.abs(value - y[index]!) <= 1e-4 * largest);
  }
  const size = DATATYPE_BYTES[datatype];
  const count = a.byteLength / size;
  let differing = 0;
  for (let element = 0; element < count; element += 1) {
    const at = element * size;
    if (Buffer.compare(a.subarray(at, at + size), b.subarray(at, at + size)) !== 0) differing += 1;
  }
  return differing <= count / 1000;
}

async function equalInBatches(
  single: OnnxSession,
  freed: OnnxSession,
  input: Tensor,
  second: Uint8Array,
): Promise<boolean> {
  const both = { ...input, shape: [2, ...input.shape.slice(1)], data: Buffer.concat([input.data, second]) };
  const together = await freed.run([both]);
  const apart = [await single.run([input]), await single.run([{ ...input, data: second }])];
  return together.every((output, index) => {
    const halves = apart.map((outputs) => outputs[index]!);
    if (output.shape[0] !== 2 || halves.some(({ shape }) => shape[0] !== 1)) return false;
    return agrees(output.datatype, Buffer.concat(halves.map(({ data }) => data)), output.data);
  });
}

/**
 * Frees a fixed batch of 1 where two pictures in one run get the answers that each gets by itself.
 * @returns the rewritten file; undefined where the batch is free already, or must stay fixed.
 */
export async function tryFreeBatch(
  bytes: Uint8Array,
  model: OnnxModel,
  recipe: Recipe,
): Promise<Uint8Array | undefined> {
  const freed = freeBatch(model);
  if (freed === undefined) return undefined;
  const signature = readSignature(model);
  const { name, datatype } = imageInput(recipe, signature);
  const shape = inputShape(recipe, trialSize(recipe, signature), 1);
  const [first, second] = [noise(shape, datatype, 1), noise(shape, datatype, 2)];
  if (first === undefined || second === undefined) return undefined;
  const rewritten = writeModel(freed);
  const sessions: OnnxSession[] = [];
  try {
    for (const file of [bytes, rewritten]) sessions.push(await openCpuSession(file, "the model"));
    const input: Tensor = { name, datatype, shape, data: first };
    return (await equalInBatches(sessions[0]!, sessions[1]!, input, second)) ? rewritten : undefined;
  } catch {
    // The net cannot run, or cannot be loaded, with a batch of 2: it keeps its batch of 1.
    return undefined;
  } finally {
    for (const session of sessions) await session.release();
  }
}
