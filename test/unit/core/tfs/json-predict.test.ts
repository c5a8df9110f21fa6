import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TensorMetadata } from "../../../../src/core/metadata.ts";
import {
  DATATYPE_BYTES,
  type Datatype,
  packBytes,
  splitBytes,
  type Tensor,
} from "../../../../src/core/tensor.ts";
import { parsePredictAnswer } from "../../../../src/core/tfs/json-answer.ts";
import { parsePredictBody } from "../../../../src/core/tfs/json-predict.ts";
import {
  type PredictLayout,
  writePredictAnswer,
  writePredictBody,
} from "../../../../src/core/tfs/json-predict-writer.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");
const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const input = (datatype: Datatype, ...shape: number[]): TensorMetadata => ({ name: "x", datatype, shape });
const parse = (json: string, ...inputs: TensorMetadata[]): readonly Tensor[] =>
  parsePredictBody(Buffer.from(json), { modelName: "m", inputs }).request.inputs;
const floatsOf = ({ data }: Tensor): number[] => [
  ...new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4),
];

describe("reading a request", () => {
  it("row form: the list is the batch", () => {
    const [tensor] = parse('{"instances": [[1, 2.5], [3e0, -4]]}', input("FP32", -1, 2));
    expect(tensor).toMatchObject({ name: "x", datatype: "FP32", shape: [2, 2] });
    expect(floatsOf(tensor!)).toEqual([1, 2.5, 3, -4]);
  });

  it("row form with names: each key a tensor", () => {
    const [a, b] = parse(
      '{"instances": [{"b": [1, 2], "a": 7}, {"a": 8, "b": [3, 4]}], "signature_name": "serving_default"}',
      { name: "a", datatype: "INT32", shape: [-1] },
      { name: "b", datatype: "UINT8", shape: [-1, 2] },
    );
    expect(a).toMatchObject({ shape: [2], data: bytesOf(Int32Array.of(7, 8)) });
    expect(b).toMatchObject({ shape: [2, 2], data: Uint8Array.of(1, 2, 3, 4) });
  });

  it("column form: a value, or one for each name; other keys are passed over", () => {
    expect(parse('{"inputs": [[1], [2]]}', input("INT64", -1, 1))[0]).toMatchObject({
      shape: [2, 1],
      data: bytesOf(BigInt64Array.of(1n, 2n)),
    });
    expect(parse('{"inputs": 5}', input("FP32"))[0]).toMatchObject({ shape: [] });
    const named = parse(
      '{"x-context": {"y": [null, {}]}, "inputs": {"other": [[]], "x": [true, false]}}',
      input("BOOL", -1),
    );
    expect(named[0]).toMatchObject({ shape: [2], data: Uint8Array.of(1, 0) });
  });

  it("reads NaN and infinities, which are no JSON", () => {
    const [tensor] = parse('{"inputs": [NaN, Infinity, -Infinity, -0.0]}', input("FP32", -1));
    expect(floatsOf(tensor!)).toEqual([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]);
  });

  it("keeps every digit of 64-bit integers", () => {
    const [tensor] = parse('{"inputs": [9223372036854775807, -9223372036854775808]}', input("INT64", -1));
    expect(new BigInt64Array(tensor!.data.buffer)).toEqual(BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n)));
  });

  it("reads strings and base64 objects", () => {
    const [tensor] = parse('{"instances": ["gr\\u00fc\\u00dfe", {"b64": "/9j/4A=="}]}', input("BYTES", -1));
    const parts = splitBytes(tensor!.data).map((part) => Buffer.from(part));
    expect(parts).toEqual([Buffer.from("grüße"), Buffer.from([0xff, 0xd8, 0xff, 0xe0])]);
  });

  it("takes datatype, shape, id and parameters of an envelope", () => {
    const inputs = new Map([["e", { datatype: "FP32" as const, shape: [0, 4], parameters: { p: 1 } }]]);
    const { request, layout } = parsePredictBody(Buffer.from('{"instances": []}'), {
      modelName: "m",
      inputs: [input("UINT8", -1)],
      envelope: { id: "7", parameters: { a: true }, inputs },
    });
    expect(layout).toBe("row");
    expect(request).toMatchObject({ id: "7", parameters: { a: true } });
    expect(request.inputs).toEqual([
      { name: "e", datatype: "FP32", shape: [0, 4], data: new Uint8Array(), parameters: { p: 1 } },
    ]);
  });

  const two = [input("FP32", -1), { ...input("FP32", -1), name: "z" }];
  it.each([
    ["{}", [input("FP32", -1)], "Missing 'inputs' or 'instances' key"],
    ["[1]", [input("FP32", -1)], "JSON Value: [1] Is not object"],
    ["", [input("FP32", -1)], "JSON Parse error: The document is empty. at offset: 0"],
    ['{"instances": 1}', [input("FP32", -1)], "Excepting 'instances' to be an list/array"],
    ['{"instances": []}', [input("FP32", -1)], "No values in 'instances' array"],
    [
      '{"instances": [1], "inputs": [1]}',
      [input("FP32", -1)],
      /expecting only one of 'inputs' or 'instances'/,
    ],
    [
      '{"signature_name": "other", "inputs": 1}',
      [input("FP32")],
      'Serving signature name: "other" not found in signature def',
    ],
    ['{"signature_name": 1, "inputs": 1}', [input("FP32")], /'signature_name' key must be a string value/],
    ['{"inputs": [1, 2]}', two, /^inputs is a plain value\/list, but expecting an object/],
    ['{"instances": [1, 2]}', two, /^instances is a plain list, but expecting list of objects/],
    ['{"inputs": {"x": [1]}}', two, "Missing named input: z in 'inputs' object."],
    ['{"instances": [{"x": 1}]}', two, /keys must be equal to: x,z$/],
    ['{"instances": [{"x": 1, "y": 2}]}', two, /does not have named input: y$/],
    ['{"instances": [{"x": 1, "z": 2}, 3]}', two, "Expecting object but got list at item 1 of input list"],
    [
      '{"inputs": [[1, 2], [3]]}',
      [input("FP32", -1, -1)],
      "Encountered list at unexpected size: 1 at level: 1 expected size: 2",
    ],
    ['{"inputs": [[1], 2]}', [input("FP32", -1, -1)], /found at incorrect level: 2/],
    ['{"inputs": [1, [2]]}', [input("FP32", -1)], /Encountered list at unexpected level/],
    ['{"inputs": ["1"]}', [input("FP32", -1)], /is not of expected type: float$/],
    ['{"inputs": [1.5]}', [input("INT32", -1)], /is not of expected type: int32$/],
    ['{"inputs": [256]}', [input("UINT8", -1)], /is not of expected type: uint8$/],
    [
      '{"inputs": [1e39]}',
      [input("FP32", -1)],
      "Cannot convert JSON value: 1e39 to float without loss of precision.",
    ],
    ['{"inputs": [9223372036854775808]}', [input("INT64", -1)], /to int64 without loss of precision/],
    ['{"inputs": [{"b64": "?"}]}', [input("BYTES", -1)], "Unable to base64 decode"],
    ['{"inputs": [{"b64": 1}]}', [input("BYTES", -1)], /not formatted correctly for base64 data$/],
    ['{"inputs": [null]}', [input("FP32", -1)], /is not of expected type: float$/],
    ['{"inputs": [01]}', [input("FP32", -1)], /^JSON Parse error: Invalid value/],
    ['{"inputs": [1.]}', [input("FP32", -1)], /^JSON Parse error: Miss fraction part/],
    ['{"inputs": [1e]}', [input("FP32", -1)], /^JSON Parse error: Miss exponent/],
    ['{"inputs": [1 2]}', [input("FP32", -1)], /^JSON Parse error: Missing a comma or \]/],
    ['{"inputs": [1]} x', [input("FP32", -1)], /^JSON Parse error: The document root must not be followed/],
    [`{"inputs": ${"[".repeat(5_000)}`, [input("FP32", -1)], /unexpected level/],
    [`{"a": ${"[".repeat(5_000)}`, [input("FP32", -1)], /Nesting is too deep/],
  ])("refuses %s", (json, inputs, message) => {
    expect(() => parse(json, ...inputs)).toThrow(
      expect.objectContaining({
        status: "INVALID_ARGUMENT",
        message: typeof message === "string" ? message : expect.stringMatching(message),
      }) as Error,
    );
  });

  it("has no JSON for half floats", () => {
    expect(() => parse('{"inputs": [1]}', input("FP16", -1))).toThrow(
      expect.objectContaining({ status: "UNIMPLEMENTED" }) as Error,
    );
  });

  it("reads every number as JavaScript does", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          fc.integer(),
          fc.float({ noNaN: true, noDefaultInfinity: true }),
        ),
        fc.constantFrom(
          String,
          (value: number) => value.toExponential(),
          (value: number) => value.toFixed(7),
        ),
        (value, write) => {
          const written = write(value);
          fc.pre(!/\d{300}/.test(written));
          const [tensor] = parse(`{"inputs": ${written}}`, input("FP64"));
          expect(new Float64Array(tensor!.data.buffer)[0]).toBe(JSON.parse(written));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("never fails otherwise than with a TransportError on mutated bodies", () => {
    const valid = '{"signature_name":"serving_default","instances":[{"x":[1.5,NaN],"z":{"b64":"AA=="}}]}';
    const inputs = [input("FP32", -1, 2), { name: "z", datatype: "BYTES" as const, shape: [-1] }];
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(200), fc.nat(127)), { maxLength: 5 }), (changes) => {
        const bytes = Buffer.from(valid);
        for (const [at, value] of changes) bytes[at % bytes.byteLength] = value;
        try {
          parsePredictBody(bytes, { modelName: "m", inputs });
        } catch (reason) {
          expect(reason).toMatchObject({ code: "ERR_TRANSPORT" });
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("writing an answer", () => {
  const floats: Tensor = {
    name: "y",
    datatype: "FP32",
    shape: [2, 2],
    data: bytesOf(Float32Array.of(0.2, 1, 1e-9, -2.5)),
  };
  it("as TensorFlow Serving does: short floats that are recognisable as floats", () => {
    expect(text(writePredictAnswer([floats], "row"))).toBe(
      '{"predictions":[[0.2,1.0],[9.999999717180685e-10,-2.5]]}\n',
    );
    expect(text(writePredictAnswer([floats], "column"))).toBe(
      '{"outputs":[[0.2,1.0],[9.999999717180685e-10,-2.5]]}\n',
    );
  });

  it("NaN and infinities as bare words", () => {
    const data = bytesOf(Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0));
    expect(text(writePredictAnswer([{ ...floats, shape: [4], data }], "row"))).toBe(
      '{"predictions":[NaN,Infinity,-Infinity,-0.0]}\n',
    );
  });

  it("several outputs by name, each item of its own", () => {
    const ids: Tensor = {
      name: "ids",
      datatype: "INT64",
      shape: [2],
      data: bytesOf(BigInt64Array.of(1n, 2n ** 60n)),
    };
    expect(text(writePredictAnswer([floats, ids], "row"))).toBe(
      '{"predictions":[{"y":[0.2,1.0],"ids":1},{"y":[9.999999717180685e-10,-2.5],"ids":1152921504606846976}]}\n',
    );
    expect(text(writePredictAnswer([ids, ids], "column"))).toBe(
      '{"outputs":{"ids":[1,1152921504606846976],"ids":[1,1152921504606846976]}}\n',
    );
  });

  it("bytes as base64 where they are no text, or the name says so", () => {
    const tensor = (name: string): Tensor => ({
      name,
      datatype: "BYTES",
      shape: [2],
      data: packBytes([Buffer.from("a"), Buffer.from([0xff])]),
    });
    expect(text(writePredictAnswer([tensor("t")], "row"))).toBe('{"predictions":["a",{"b64":"/w=="}]}\n');
    expect(text(writePredictAnswer([tensor("t_bytes")], "row"))).toBe(
      '{"predictions":[{"b64":"YQ=="},{"b64":"/w=="}]}\n',
    );
  });

  it("refuses row form without one batch size", () => {
    const other: Tensor = { ...floats, name: "z", shape: [4] };
    expect(() => writePredictAnswer([floats, other], "row")).toThrow(
      "Tensor name: z has inconsistent batch size: 4 expecting: 2",
    );
    const scalar: Tensor = { name: "s", datatype: "UINT8", shape: [], data: Uint8Array.of(1) };
    expect(() => writePredictAnswer([scalar], "row")).toThrow("Tensor name: s has no shape information");
    expect(() => writePredictAnswer([], "row")).toThrow("Cannot convert empty tensor map to JSON");
    const half: Tensor = { name: "h", datatype: "FP16", shape: [1], data: Uint8Array.of(0, 0) };
    expect(() => writePredictAnswer([half], "row")).toThrow(/tensor type: half/);
  });
});

const JSON_TYPES = (Object.keys(DATATYPE_BYTES) as Datatype[]).filter(
  (each) => each !== "FP16" && each !== "BF16",
);
const tensor = (name: string, batch: number): fc.Arbitrary<Tensor> =>
  fc
    .record({
      datatype: fc.constantFrom(...JSON_TYPES),
      inner: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
      seed: fc.uint8Array({ minLength: 3_000, maxLength: 3_000 }),
    })
    .map(({ datatype, inner, seed }) => {
      const shape = [batch, ...inner];
      const count = shape.reduce((product, size) => product * size, 1);
      if (datatype === "BYTES") {
        const parts = Array.from({ length: count }, (_, index) =>
          seed.subarray(index, index + (seed[index]! % 4)),
        );
        return { name, datatype, shape, data: packBytes(parts) };
      }
      const data = seed.slice(0, count * DATATYPE_BYTES[datatype]);
      if (datatype === "BOOL") for (const index of data.keys()) data[index]! &= 1;
      if (datatype === "FP32" || datatype === "FP64") {
        // Text has one NaN only.
        const view = new DataView(data.buffer);
        const top = DATATYPE_BYTES[datatype] - 2;
        for (let at = 0; at < data.byteLength; at += top + 2)
          view.setUint16(at + top, view.getUint16(at + top, true) & 0xbfff, true);
      }
      return { name, datatype, shape, data };
    });
const pair = fc
  .integer({ min: 1, max: 4 })
  .chain((batch) => fc.tuple(tensor("a", batch), tensor("b", batch)));

describe("round trips", () => {
  const plain = (tensors: readonly Tensor[]): unknown[] =>
    tensors.map(({ name, datatype, shape, data }) => ({
      name,
      datatype,
      shape: [...shape],
      data: Buffer.from(data).toString("hex"),
    }));

  it.each(["row", "column"] as const)(
    "every JSON datatype, %s form: bit for bit",
    (layout: PredictLayout) => {
      fc.assert(
        fc.property(pair, fc.boolean(), (tensors, single) => {
          const sent = single ? tensors.slice(0, 1) : tensors;
          const known = sent.map(({ name, datatype, shape }) => ({ name, datatype, shape }));
          const read = parsePredictBody(writePredictBody(sent, layout), {
            modelName: "m",
            inputs: known,
          });
          expect(plain(read.request.inputs)).toEqual(plain(sent));
          expect(read.layout).toBe(layout);
          expect(plain(parsePredictAnswer(writePredictAnswer(sent, layout), known))).toEqual(plain(sent));
        }),
        { numRuns: 300 },
      );
    },
  );
});

describe("reading an answer", () => {
  const answer = (json: string, ...known: TensorMetadata[]): unknown =>
    parsePredictAnswer(Buffer.from(json), known).map(({ name, datatype, shape, data }) => [
      name,
      datatype,
      shape,
      Buffer.from(data).toString("hex"),
    ]);
  const hex = (array: ArrayBufferView): string => Buffer.from(bytesOf(array)).toString("hex");

  it("without a signature takes what the values look like", () => {
    expect(answer('{"predictions": [[1, 2], [3, 4]], "model": "m"}')).toEqual([
      ["predictions", "INT64", [2, 2], hex(BigInt64Array.of(1n, 2n, 3n, 4n))],
    ]);
    expect(answer('{"predictions": [1.0, 2]}')).toEqual([
      ["predictions", "FP32", [2], hex(Float32Array.of(1, 2))],
    ]);
    expect(answer('{"predictions": [true, false]}')).toEqual([["predictions", "BOOL", [2], "0100"]]);
    expect(answer('{"predictions": ["a"]}')).toEqual([["predictions", "BYTES", [1], "0100000061"]]);
    expect(answer('{"predictions": [{"c": 1, "s": 0.5}, {"s": 0.25, "c": 2}]}')).toEqual([
      ["c", "INT64", [2], hex(BigInt64Array.of(1n, 2n))],
      ["s", "FP32", [2], hex(Float32Array.of(0.5, 0.25))],
    ]);
  });

  it("takes names, datatypes and order of a signature", () => {
    const known: TensorMetadata[] = [
      { name: "s", datatype: "FP64", shape: [-1] },
      { name: "c", datatype: "UINT8", shape: [-1] },
    ];
    expect(answer('{"outputs": {"c": [7], "s": [NaN]}}', ...known)).toEqual([
      ["s", "FP64", [1], hex(Float64Array.of(Number.NaN))],
      ["c", "UINT8", [1], "07"],
    ]);
    expect(answer('{"predictions": [5]}', { name: "only", datatype: "INT32", shape: [-1] })).toEqual([
      ["only", "INT32", [1], "05000000"],
    ]);
  });

  it.each([['{"predictions": [1, true]}'], ['{"predictions": [1'], ["{}"], ["<html>"], [""]])(
    "%s is the server's fault",
    (json) => {
      expect(() => parsePredictAnswer(Buffer.from(json), [])).toThrow(
        expect.objectContaining({
          status: "INTERNAL",
          message: expect.stringMatching(/^the server's answer is malformed: /),
        }) as Error,
      );
    },
  );
});
