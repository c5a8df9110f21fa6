import { describe, expect, it } from "vitest";
import { writeInferRequest } from "../../../../src/core/oip/json.ts";
import { RelayMarkRecorder, requestIdOf } from "../../../../src/transports/http/relay-marks.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("requestIdOf", () => {
  it.each(["json", "binary"] as const)("finds the id that our client writes, %s", (encoding) => {
    const data = new Uint8Array(5_000).fill(7);
    const inputs = [{ name: "input", datatype: "UINT8" as const, shape: [5_000], data }];
    for (const id of ["0-17", 'quote " and \\ back', "ä"]) {
      const { parts, headerBytes } = writeInferRequest({ modelName: "m", id, inputs }, encoding);
      expect(requestIdOf(new Uint8Array(Buffer.concat(parts)), headerBytes)).toBe(id);
    }
  });

  it("finds none in other bodies", () => {
    for (const text of ["", "{}", '{"inputs":[],"id":"late"}', '{"id":7}', '{"id":"no end', "id"]) {
      expect(requestIdOf(bytes(text))).toBeUndefined();
    }
    expect(requestIdOf(bytes('{"id":"beyond the header"}'), 4)).toBeUndefined();
  });
});

it("gives marks back once", () => {
  const recorder = new RelayMarkRecorder();
  const mark = { requestId: "1", requestInNs: 1, requestOutNs: 2, responseInNs: 3, responseOutNs: 4 };
  recorder.record(mark);
  expect(recorder.take()).toEqual([mark]);
  expect(recorder.take()).toEqual([]);
});
