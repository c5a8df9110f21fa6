import { monotonicClock } from "../core/clock.ts";
import { isBinaryOutput } from "../core/oip/binary.ts";
import { parseInferRequest, writeOutputs } from "../core/oip/json.ts";
import type { CodecAnswer, CodecCall } from "./codec-protocol.ts";
import { transferTensors, transferViews } from "./tensor-transfer.ts";
import { runWorkerService, type ServiceAnswer } from "./worker-service.ts";

/** Entry of the worker that reads and writes large text bodies for models that have no worker of their own. */
await runWorkerService<CodecCall, CodecAnswer, null>(async () => ({ ready: null, handle, release }));

function handle(call: CodecCall): ServiceAnswer<CodecAnswer> {
  if (call.kind === "parse") {
    const beganNs = monotonicClock.nowNs();
    const { request, binaryOutputs } = parseInferRequest(call.body, call.context);
    const parseNs = monotonicClock.nowNs() - beganNs;
    const { tensors, buffers } = transferTensors(request.inputs);
    return {
      answer: { kind: "parsed", request: { ...request, inputs: tensors }, binaryOutputs, parseNs },
      buffers,
    };
  }
  const { json, binary } = writeOutputs(call.outputs, (name) => isBinaryOutput(call.binaryOutputs, name));
  const { views, buffers } = transferViews([json, ...binary]);
  return { answer: { kind: "written", json: views[0]!, binary: views.slice(1) }, buffers };
}

async function release(): Promise<void> {
  // It holds nothing.
}
