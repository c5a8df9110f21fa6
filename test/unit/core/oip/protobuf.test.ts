import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TransportError } from "../../../../src/core/errors.ts";
import type { InferRequest, InferResponse } from "../../../../src/core/inference.ts";
import {
  decodeInferRequest,
  decodeInferResponse,
  encodeInferRequest,
  encodeInferResponse,
  joinParts,
  writeParts,
} from "../../../../src/core/oip/protobuf.ts";
import type { ParameterValue } from "../../../../src/core/parameters.ts";
import { DATATYPE_BYTES, type Datatype, packBytes, type Tensor } from "../../../../src/core/tensor.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

const G1 =
  "0a037365671201311a027231220e0a0774696d656f757412031088272a0d0a01781204465033321a02010232030a01793a080000803f000020c0";
const G2 = "0a037365672a160a0178120555494e54381a01032a072205008001ff01";
const G3 = "0a037365671201311a0272312a0d0a01791205494e5436341a010132080700000000000000";

describe("golden bytes (wire.md §10)", () => {
  const g1: InferRequest = {
    modelName: "seg",
    modelVersion: "1",
    id: "r1",
    parameters: { timeout: 5000 },
    inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], data: bytesOf("0000803f000020c0") }],
    outputs: [{ name: "y" }],
  };
  const g3: InferResponse = {
    modelName: "seg",
    modelVersion: "1",
    id: "r1",
    outputs: [{ name: "y", datatype: "INT64", shape: [1], data: bytesOf("0700000000000000") }],
  };

  it("G1: a raw request, both ways", () => {
    expect(hex(joinParts(encodeInferRequest(g1)))).toBe(G1);
    expect(decodeInferRequest(bytesOf(G1))).toEqual(g1);
  });

  it("G2: typed contents become raw bytes", () => {
    expect(decodeInferRequest(bytesOf(G2))).toEqual({
      modelName: "seg",
      id: "",
      inputs: [{ name: "x", datatype: "UINT8", shape: [3], data: new Uint8Array([0, 128, 255]) }],
    });
  });

  it("G3: a raw response, both ways; finishedNs does not travel", () => {
    expect(hex(joinParts(encodeInferResponse({ ...g3, finishedNs: 12 })))).toBe(G3);
    expect(decodeInferResponse(bytesOf(G3))).toEqual(g3);
  });

  it("G8: a BYTES element travels with its length before it", () => {
    const data = packBytes([Buffer.from("bird")]);
    expect(hex(data)).toBe("0400000062697264");
    const request = {
      modelName: "m",
      id: "1",
      inputs: [{ name: "x", datatype: "BYTES", shape: [1], data }],
    } as const;
    expect(hex(joinParts(encodeInferRequest(request)))).toContain("3a080400000062697264");
  });
});

describe("ownership", () => {
  it("refers to the tensors' bytes and does not copy them, on both sides", () => {
    const data = new Uint8Array(100).fill(7);
    const request = {
      modelName: "m",
      id: "1",
      inputs: [{ name: "x", datatype: "UINT8", shape: [100], data }],
    } as const;
    const message = encodeInferRequest(request);
    expect(message.parts).toContain(data);
    const joined = joinParts(message);
    const decoded = decodeInferRequest(joined).inputs[0];
    expect(decoded?.data.buffer).toBe(joined.buffer);
    expect(decoded?.data.byteOffset).toBe(joined.byteLength - 100);
  });

  it("writes the parts at an offset and answers where they end", () => {
    const message = encodeInferRequest({ modelName: "m", id: "1", inputs: [] });
    const target = new Uint8Array(message.byteLength + 6).fill(0xee);
    expect(writeParts(message, target, 5)).toBe(5 + message.byteLength);
    expect(hex(target)).toBe(`eeeeeeeeee${hex(joinParts(message))}ee`);
  });

  it("a message does not change when the next one is encoded", () => {
    const first = encodeInferRequest({ modelName: "first", id: "1", inputs: [] });
    const before = hex(joinParts(first));
    encodeInferRequest({ modelName: "other", id: "2", inputs: [] });
    expect(hex(joinParts(first))).toBe(before);
  });
});

describe("parameters", () => {
  const values: Record<string, ParameterValue> = {
    yes: true,
    no: false,
    zero: 0,
    negative: -1,
    large: Number.MAX_SAFE_INTEGER,
    small: Number.MIN_SAFE_INTEGER,
    double: 0.1,
    huge: 1e300,
    minusZero: -0,
    infinite: Number.NEGATIVE_INFINITY,
    text: "grüße 👋",
    empty: "",
    ["__proto__"]: "kept",
  };

  it("round-trip at every place, with their types", () => {
    const request: InferRequest = {
      modelName: "m",
      id: "1",
      parameters: values,
      inputs: [{ name: "x", datatype: "UINT8", shape: [1], data: new Uint8Array(1), parameters: values }],
      outputs: [{ name: "y", parameters: values }],
    };
    const decoded = decodeInferRequest(joinParts(encodeInferRequest(request)));
    for (const found of [
      decoded.parameters,
      decoded.inputs[0]?.parameters,
      decoded.outputs?.[0]?.parameters,
    ]) {
      expect(Object.entries(found ?? {})).toEqual(Object.entries(values));
    }
  });

  it("integers are int64 (negative ones of 10 bytes), other numbers double", () => {
    const encode = (value: number): string =>
      hex(
        joinParts(
          encodeInferResponse({
            modelName: "",
            modelVersion: "",
            id: "",
            parameters: { a: value },
            outputs: [],
          }),
        ),
      );
    expect(encode(-2)).toBe("22100a0161120b10feffffffffffffffff01");
    expect(encode(0.5)).toBe("220e0a0161120921000000000000e03f");
  });

  it("uint64_param is read, an entry without a value is left out", () => {
    const decoded = decodeInferResponse(bytesOf("22080a0161120328ff0122030a0162"));
    expect(decoded.parameters).toEqual({ a: 255 });
  });
});

const DATATYPES = Object.keys(DATATYPE_BYTES) as Datatype[];
const text = fc.string({ unit: "grapheme", maxLength: 200 });
const value = fc.oneof(
  fc.boolean(),
  text,
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }),
) satisfies fc.Arbitrary<ParameterValue>;
const parameters = fc.option(fc.dictionary(text, value, { minKeys: 1, maxKeys: 5, noNullPrototype: true }), {
  nil: undefined,
});
const tensor: fc.Arbitrary<Tensor> = fc
  .tuple(text, fc.constantFrom(...DATATYPES), fc.array(fc.nat(4), { maxLength: 4 }), parameters, fc.integer())
  .map(([name, datatype, shape, tensorParameters, seed]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    let state = seed;
    const byte = (): number => {
      state = (Math.imul(state, 1103515245) + 12345) | 0;
      return (state >>> 16) & 0xff;
    };
    const data =
      datatype === "BYTES"
        ? packBytes(Array.from({ length: count }, () => Uint8Array.from({ length: byte() % 9 }, byte)))
        : Uint8Array.from({ length: count * DATATYPE_BYTES[datatype] }, byte);
    return { name, datatype, shape, data, parameters: tensorParameters };
  });

describe("properties", () => {
  it("every request round-trips", () => {
    const requests = fc.record({
      modelName: text,
      modelVersion: fc.option(
        text.filter((version) => version !== ""),
        { nil: undefined },
      ),
      id: text,
      parameters,
      inputs: fc.array(tensor, { maxLength: 4 }),
      outputs: fc.option(fc.array(fc.record({ name: text, parameters }), { minLength: 1, maxLength: 3 }), {
        nil: undefined,
      }),
    });
    fc.assert(
      fc.property(requests, (request) => {
        const message = encodeInferRequest(request);
        const joined = joinParts(message);
        expect(joined.byteLength).toBe(message.byteLength);
        expect(decodeInferRequest(joined)).toEqual(request);
      }),
    );
  });

  it("every response round-trips", () => {
    const responses = fc.record({
      modelName: text,
      modelVersion: text,
      id: text,
      parameters,
      outputs: fc.array(tensor, { maxLength: 4 }),
    });
    fc.assert(
      fc.property(responses, (response) => {
        expect(decodeInferResponse(joinParts(encodeInferResponse(response)))).toEqual(response);
      }),
    );
  });

  const refusesOrReads = (bytes: Uint8Array): void => {
    for (const decode of [decodeInferRequest, decodeInferResponse]) {
      try {
        decode(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(TransportError);
        expect((error as TransportError).status).toBe("INVALID_ARGUMENT");
      }
    }
  };

  it("random bytes are read or refused with INVALID_ARGUMENT", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), refusesOrReads), { numRuns: 2000 });
  });

  it("damaged messages are read or refused with INVALID_ARGUMENT", () => {
    const damage = fc.record({
      golden: fc.constantFrom(G1, G2, G3),
      cut: fc.nat(60),
      changes: fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(damage, ({ golden, cut, changes }) => {
        const bytes = bytesOf(golden);
        for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
        refusesOrReads(bytes.subarray(0, bytes.length - (cut % bytes.length)));
      }),
      { numRuns: 2000 },
    );
  });
});
