import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  readRequestEnvelope,
  readResponseEnvelope,
  writeRequestEnvelope,
  writeResponseEnvelope,
} from "../../../../src/core/tfs/envelope.ts";

describe("the header beside a request", () => {
  it("is ASCII and comes back as it was", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme" }),
        fc.dictionary(fc.string(), fc.oneof(fc.string({ unit: "grapheme" }), fc.integer(), fc.boolean()), {
          minKeys: 1,
        }),
        fc.string({ unit: "grapheme" }),
        (id, parameters, name) => {
          fc.pre(!Object.hasOwn(parameters, "__proto__"));
          const input = {
            name,
            datatype: "UINT8" as const,
            shape: [1, 0],
            data: new Uint8Array(),
            parameters,
          };
          const header = writeRequestEnvelope({ modelName: "m", id, parameters, inputs: [input] }, "typed");
          expect(header).toMatch(/^[\x20-\x7e]*$/);
          expect(readRequestEnvelope(header)).toEqual({
            id,
            parameters,
            inputs: new Map([[name, { datatype: "UINT8", shape: [1, 0], parameters }]]),
            answers: "typed",
          });
        },
      ),
    );
  });

  it.each([
    "",
    "{",
    "[]",
    "1",
    '{"id":1}',
    '{"inputs":{}}',
    '{"inputs":[["x",{"datatype":"FP7","shape":[]}]]}',
  ])("refuses %j", (text) => {
    expect(() => readRequestEnvelope(text)).toThrow(
      expect.objectContaining({
        status: "INVALID_ARGUMENT",
        message: expect.stringMatching(/^wirebench-request/),
      }) as Error,
    );
  });
});

describe("the header beside an answer", () => {
  it("comes back as it was; a foreign server has none", () => {
    const envelope = {
      modelVersion: "3",
      parameters: { wirebench_queue_ns: 12 },
      outputs: [{ name: "y", datatype: "FP32" as const, shape: [0] }],
    };
    expect(readResponseEnvelope(writeResponseEnvelope(envelope))).toEqual(envelope);
    expect(readResponseEnvelope(undefined)).toBeUndefined();
  });

  it("that is malformed is the server's fault", () => {
    expect(() => readResponseEnvelope("{}")).toThrow(
      expect.objectContaining({ status: "INTERNAL" }) as Error,
    );
  });
});
