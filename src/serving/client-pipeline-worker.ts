import { workerData } from "node:worker_threads";
import { monotonicClock } from "../core/clock.ts";
import { BenchError, TransportError } from "../core/errors.ts";
import type { Pixels } from "../core/frame.ts";
import type { Tensor } from "../core/tensor.ts";
import { encodeImage } from "../vision/image-codec.ts";
import { toRgb } from "../vision/to-rgb.ts";
import { alignTensors } from "./align-tensors.ts";
import type {
  ClientPipelineAnswer,
  ClientPipelineCall,
  ClientPipelineData,
} from "./client-pipeline-protocol.ts";
import { createClientSessions } from "./client-sessions.ts";
import { transferTensors, transferViews } from "./tensor-transfer.ts";
import { runWorkerService, type ServiceAnswer } from "./worker-service.ts";

/** Entry of the generator's worker thread that does what placement *client* and the image encodings ask of a client. */
await runWorkerService<ClientPipelineCall, ClientPipelineAnswer, null>(async () => {
  const { model, settings } = workerData as ClientPipelineData;
  const sessions = model && (await createClientSessions(model, settings));
  const frames: Pixels[] = [];
  const needSessions = (): NonNullable<typeof sessions> => {
    if (sessions === undefined) throw new BenchError("ERR_SERVING", "this client pipeline has no model");
    return sessions;
  };
  const frameAt = (index: number): Pixels => {
    const frame = frames[index];
    if (frame === undefined) throw new BenchError("ERR_SERVING", `frame ${index} was not loaded`);
    return frame;
  };

  return {
    ready: null,
    async handle(call) {
      switch (call.kind) {
        case "load":
          // The first run of a session plans its memory; it must not fall into a request.
          if (sessions !== undefined) await sessions.preprocess(call.pixels);
          return { answer: { kind: "loaded", frame: frames.push(call.pixels) - 1 }, buffers: [] };
        case "preprocess":
          return answerTensors([await needSessions().preprocess(frameAt(call.frame))]);
        case "postprocess":
          return answerTensors(await needSessions().postprocess(alignTensors(call.outputs)));
        case "rgb":
          return answerRgb(frameAt(call.frame));
        case "encode": {
          const { widthPx, heightPx } = frameAt(call.frame);
          const rgb = toRgb(frameAt(call.frame));
          const preprocessedNs = monotonicClock.nowNs();
          const bytes = await encodeImage(rgb, widthPx, heightPx, call.format);
          return answerBytes(bytes, preprocessedNs);
        }
      }
    },
    release: async () => sessions?.release(),
  };
});

function answerTensors(outputs: readonly Tensor[]): ServiceAnswer<ClientPipelineAnswer> {
  if (outputs.length === 0) throw new TransportError("INTERNAL", "the graph has no output");
  const { tensors, buffers } = transferTensors(outputs);
  return { answer: { kind: "tensors", tensors, endedNs: monotonicClock.nowNs() }, buffers };
}

function answerRgb(frame: Pixels): ServiceAnswer<ClientPipelineAnswer> {
  const rgb = toRgb(frame);
  // A frame is kept for the next request: what leaves is a copy.
  const own = rgb.buffer === frame.data.buffer ? new Uint8Array(rgb) : rgb;
  return answerBytes(own, monotonicClock.nowNs());
}

function answerBytes(bytes: Uint8Array, preprocessedNs: number): ServiceAnswer<ClientPipelineAnswer> {
  const { views, buffers } = transferViews([bytes]);
  return {
    answer: { kind: "bytes", bytes: views[0]!, preprocessedNs, endedNs: monotonicClock.nowNs() },
    buffers,
  };
}
