import { parseBody, writeAnswerBody } from "../core/body-codec.ts";
import { monotonicClock } from "../core/clock.ts";
import { classifyOutputs } from "./classification.ts";
import type { CodecAnswer, CodecCall } from "./codec-protocol.ts";
import { transferTensors, transferViews } from "./tensor-transfer.ts";
import { runWorkerService, type ServiceAnswer } from "./worker-service.ts";

/** Entry of the worker that reads and writes large text bodies for models that have no worker of their own. */
await runWorkerService<CodecCall, CodecAnswer, null>(async () => ({ ready: null, handle, release }));

function handle(call: CodecCall): ServiceAnswer<CodecAnswer> {
  if (call.kind === "parse") {
    const beganNs = monotonicClock.nowNs();
    const { request, form } = parseBody(call.codec, call.body, call.context);
    const parseNs = monotonicClock.nowNs() - beganNs;
    const { tensors, buffers } = transferTensors(request.inputs);
    return {
      answer: { kind: "parsed", request: { ...request, inputs: tensors }, form, parseNs },
      buffers,
    };
  }
  if (call.kind === "classify") {
    const { tensors, buffers } = transferTensors(
      classifyOutputs(call.outputs, call.wanted, { maxBatchSize: 0 }),
    );
    return { answer: { kind: "classified", outputs: tensors }, buffers };
  }
  const { json, binary, described } = writeAnswerBody(call.form, call.outputs);
  const { views, buffers } = transferViews([json, ...binary]);
  return { answer: { kind: "written", json: views[0]!, binary: views.slice(1), described }, buffers };
}

async function release(): Promise<void> {
  // It holds nothing.
}
