import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { TransportError } from "../../../../src/core/errors.ts";
import type { ModelMetadata } from "../../../../src/core/metadata.ts";
import type { ServingCore } from "../../../../src/core/serving-core.ts";
import { createApp } from "../../../../src/transports/http/create-app.ts";
import { PayloadTooLargeError } from "../../../../src/transports/http/payload-too-large.ts";
import { answerError, setErrorAnswers } from "../../../../src/transports/http/server-errors.ts";
import { addRoutes } from "../../../../src/transports/http/server-routes.ts";
import { answerPredict } from "../../../../src/transports/http/tfs/answer-predict.ts";

const LIMIT_BYTES = 100_000;
const tensor = { name: "x", datatype: "UINT8", shape: [1, 1] } as const;
const metadata: ModelMetadata = {
  name: "m",
  versions: ["1"],
  platform: "test",
  inputs: [tensor],
  outputs: [tensor],
};
const signal = new AbortController().signal;

/** Answers with more than the limit, unless its queue is full. */
function coreOf(isFull: boolean): ServingCore {
  const core: Partial<ServingCore> = {
    modelMetadata: () => metadata,
    infer: async () => {
      if (isFull) throw new TransportError("RESOURCE_EXHAUSTED", "the queue is full");
      const data = new Uint8Array(LIMIT_BYTES + 1);
      const outputs = [{ ...tensor, shape: [1, data.byteLength], data }];
      return { modelName: "m", modelVersion: "1", id: "", outputs };
    },
  };
  return core as ServingCore;
}

function appOf(core: ServingCore): FastifyInstance {
  const app = createApp({}, answerError);
  setErrorAnswers(app);
  addRoutes(app, core, { maxPayloadBytes: LIMIT_BYTES, isClosing: () => false });
  return app;
}

describe("HTTP's code", () => {
  it.each([
    [false, 413, /^the answer has \d+ bytes, over the limit of 100000$/],
    [true, 429, /^the queue is full$/],
  ])("tells an answer over the limit from a full queue (%s)", async (isFull, code, message) => {
    const answer = await appOf(coreOf(isFull)).inject({
      method: "POST",
      url: "/v2/models/m/infer",
      payload: JSON.stringify({ inputs: [{ ...tensor, data: [1] }] }),
    });
    expect(answer.statusCode).toBe(code);
    expect(answer.headers["wirebench-status"]).toBe("RESOURCE_EXHAUSTED");
    expect(answer.json<{ error: string }>().error).toMatch(message);
  });

  it("is that of a body over the limit for TensorFlow Serving's answers, too", async () => {
    const call = {
      model: { modelName: "m" },
      bytes: Buffer.from('{"inputs":[[1]]}'),
      inNs: 0,
      envelope: undefined,
    };
    const options = { clockId: "c", signal, maxPayloadBytes: LIMIT_BYTES };
    await expect(answerPredict(coreOf(false), call, options)).rejects.toThrow(PayloadTooLargeError);
  });

  it("is 501 for a load with files, however large", async () => {
    for (const bytes of [65_537, LIMIT_BYTES + 1]) {
      const answer = await appOf(coreOf(false)).inject({
        method: "POST",
        url: "/v2/repository/models/m/load",
        payload: JSON.stringify({ parameters: { "file:1/model.onnx": "A".repeat(bytes) } }),
      });
      expect(answer.statusCode).toBe(501);
      expect(answer.json()).toEqual({
        error:
          "a load of more than 65536 bytes is not supported: models and their configuration come from the repository",
      });
    }
  });
});
