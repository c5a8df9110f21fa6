import { parseBody, writeAnswerBody } from "../core/body-codec.ts";
import { type Clock, monotonicClock } from "../core/clock.ts";
import { messageOf, ServingError, TransportError } from "../core/errors.ts";
import { splitBytes, type Tensor } from "../core/tensor.ts";
import { decodeImage } from "../vision/image-codec.ts";
import { alignTensors } from "./align-tensors.ts";
import { splitTensors, stackTensors } from "./batching.ts";
import { classifyOutputs } from "./classification.ts";
import { readUnchanged } from "./file-stamp.ts";
import type { FrameSize } from "./graphs/add-preprocess.ts";
import { createModelSessions, type SessionContent } from "./model-sessions.ts";
import { shapeRequest } from "./request-shape.ts";
import { requestTimeoutUs } from "./request-timeout.ts";
import { verifyDevice } from "./verify-device.ts";
import { wantedOutputs } from "./wanted-outputs.ts";
import { warmUpTensors } from "./warm-up.ts";
import type {
  EncodedWork,
  ModelRun,
  ModelWorkerData,
  TensorWork,
  WarmUpContent,
  WorkResult,
  WorkSuccess,
} from "./worker-protocol.ts";

/** A model on the current thread: what a worker does, without the worker. */
export interface ModelRunner {
  readonly executionProvider: string;
  /** About the device, for the report. */
  readonly deviceNotes: readonly string[];
  /** One at a time. Takes ownership of the tensors' bytes. Never rejects: a failure is the result of its work. */
  run(run: ModelRun): Promise<readonly WorkResult[]>;
  release(): Promise<void>;
}

/** Runs of every session before readiness: the first plans memory, the second uses it. */
const WARM_UP_RUNS = 2;

/**
 * Opens the sessions that the warm-up names and runs each twice.
 * @throws {ServingError} ERR_MODEL or ERR_DEVICE
 */
export async function createModelRunner(
  { model, path, stamp, settings, warmUp, verifyDevice: verify = false }: ModelWorkerData,
  clock: Clock = monotonicClock,
): Promise<ModelRunner> {
  const readModel = (): Promise<Uint8Array> => readUnchanged(path, stamp, `model '${model.name}'`);
  const sessions = createModelSessions({ model, settings, readModel });

  const infer = async (
    content: SessionContent,
    inputs: readonly Tensor[],
    outputs: readonly string[] | undefined,
  ): Promise<readonly Tensor[]> => {
    const session = await sessions.open(content, content === "tensor" ? undefined : frameOf(inputs[0]!));
    // The image input of a fused graph has its own name; a caller may use the model's.
    const feeds = content === "tensor" ? inputs : [{ ...inputs[0]!, name: session.inputNames[0]! }];
    return session.run(feeds, outputs);
  };

  const runOne = async (
    { inputs, outputs }: TensorWork,
    beganNs: number,
    parseNs?: number,
  ): Promise<WorkSuccess> => {
    const { content: sent, elements } = shapeRequest(model, inputs, outputs);
    let decodedNs = beganNs + (parseNs ?? 0);
    let decodeNs = parseNs;
    let feeds = alignTensors(inputs);
    let content = sent;
    if (content === "compressed") {
      feeds = [await decodeInput(inputs[0]!)];
      content = "rgb8";
      decodedNs = clock.nowNs();
      decodeNs = decodedNs - beganNs;
    }
    const answer = await infer(content, feeds, namesOf(outputs));
    const finishedNs = clock.nowNs();
    return {
      ok: true,
      timing: { beganNs, decodeNs, inferNs: finishedNs - decodedNs, finishedNs },
      elements,
      outputs: classifyOutputs(answer, outputs, model),
    };
  };

  const runEncoded = async (work: EncodedWork, beganNs: number): Promise<WorkSuccess> => {
    const { request, form } = parseBody(work.codec, work.body, work.context);
    const timeoutUs = requestTimeoutUs(request.parameters);
    const checkDeadline = (): void => {
      if (timeoutUs === undefined) return;
      if (clock.nowNs() - work.submittedNs < timeoutUs * 1000) return;
      throw new TransportError(
        "DEADLINE_EXCEEDED",
        `model '${model.name}': no answer within ${timeoutUs} µs`,
      );
    };
    checkDeadline();
    const outputs = wantedOutputs(request.outputs);
    const result = await runOne(
      { kind: "tensors", inputs: request.inputs, outputs },
      beganNs,
      clock.nowNs() - beganNs,
    );
    checkDeadline();
    const written = writeAnswerBody(form, result.outputs);
    const writeNs = clock.nowNs() - result.timing.finishedNs;
    return { ...result, outputs: [], written: { ...written, id: request.id, writeNs } };
  };

  const runBatch = async (works: readonly TensorWork[], beganNs: number): Promise<readonly WorkResult[]> => {
    const [first] = works as readonly [TensorWork];
    const { content } = shapeRequest(model, first.inputs, undefined);
    if (content === "compressed") throw new TypeError("compressed images are not put together in a batch");
    const elements = works.map(({ inputs }) => inputs[0]!.shape[0]!);
    const answer = await infer(
      content,
      stackTensors(works.map(({ inputs }) => inputs)),
      namesOf(first.outputs),
    );
    const answers = splitTensors(answer, elements);
    const finishedNs = clock.nowNs();
    const timing = { beganNs, decodeNs: undefined, inferNs: finishedNs - beganNs, finishedNs };
    return answers.map(
      (outputs, at): WorkResult => ({
        ok: true,
        timing,
        elements: elements[at]!,
        outputs: classifyOutputs(outputs, first.outputs, model),
      }),
    );
  };

  const warm = async (wanted: WarmUpContent): Promise<void> => {
    const { tensors, guessed } = warmUpTensors(model, wanted);
    try {
      if (wanted.content === "tensor") await sessions.open("tensor");
      else await sessions.openSized(wanted.content, frameOf(tensors[0]!));
      for (let run = 0; run < WARM_UP_RUNS; run++) await infer(wanted.content, tensors, undefined);
    } catch (cause) {
      // A free dimension that only the user knows: the model is loaded, its first request warms it.
      if (guessed && cause instanceof TransportError) return;
      await sessions.release();
      if (cause instanceof ServingError) throw cause;
      throw sessions.refusal(`cannot run on ${describe(wanted.content, tensors)}: ${messageOf(cause)}`);
    }
  };
  // First, so that the profiled session has gone before the measured ones are made.
  const deviceNotes = verify && settings.device === "gpu" ? await verifyDevice(sessions, model, warmUp) : [];
  for (const wanted of warmUp) await warm(wanted);

  const run = async ({ works }: ModelRun): Promise<readonly WorkResult[]> => {
    const beganNs = clock.nowNs();
    const [work] = works;
    try {
      if (work?.kind === "encoded") return [await runEncoded(work, beganNs)];
      const tensorWorks = works.filter((each) => each.kind === "tensors");
      return work !== undefined && works.length === 1
        ? [await runOne(work, beganNs)]
        : await runBatch(tensorWorks, beganNs);
    } catch (reason) {
      const { status, message } = TransportError.from(reason, "INTERNAL");
      // What is wrong with one request's values is no fault of the others in its batch.
      if (status === "INVALID_ARGUMENT" && works.length > 1) {
        const results: WorkResult[] = [];
        for (const each of works) results.push(...(await run({ works: [each] })));
        return results;
      }
      return works.map((): WorkResult => ({ ok: false, status, message: messageOf(message) }));
    }
  };

  return {
    executionProvider: await sessions.executionProvider(),
    deviceNotes,
    run,
    release: () => sessions.release(),
  };
}

/** One compressed image, BYTES [1], as RGB. */
async function decodeInput({ name, data }: Tensor): Promise<Tensor> {
  try {
    const { widthPx, heightPx, rgb } = await decodeImage(splitBytes(data, name)[0]!);
    return { name, datatype: "UINT8", shape: [1, heightPx, widthPx, 3], data: rgb };
  } catch (cause) {
    throw new TransportError("INVALID_ARGUMENT", `input '${name}': ${messageOf(cause)}`, { cause });
  }
}

function namesOf(outputs: TensorWork["outputs"]): readonly string[] | undefined {
  return outputs?.map(({ name }) => name);
}

/** The size of images [N, H, W, C]. */
function frameOf({ shape }: Tensor): FrameSize {
  return { widthPx: shape[2]!, heightPx: shape[1]! };
}

function describe(content: SessionContent, tensors: readonly Tensor[]): string {
  return `${content} ${tensors.map(({ shape }) => `[${shape}]`).join(", ")}`;
}
