import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { InferRequest } from "../../../../src/core/inference.ts";
import { isBinaryOutput } from "../../../../src/core/oip/binary.ts";
import {
  parseInferRequest,
  parseInferResponse,
  type WrittenBody,
  writeInferRequest,
  writeInferResponse,
  writeOutputs,
} from "../../../../src/core/oip/json.ts";
import { DATATYPE_BYTES, type Datatype, packBytes, type Tensor } from "../../../../src/core/tensor.ts";

const joined = ({ parts }: WrittenBody): Uint8Array => new Uint8Array(Buffer.concat(parts));
const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const parseText = (json: unknown) => {
  const body = textBytes(typeof json === "string" ? json : JSON.stringify(json));
  return parseInferRequest(body, { modelName: "m", headerBytes: body.byteLength });
};
const withInput = (input: object) => ({ inputs: [{ name: "x", ...input }] });
const dataOf = (input: object): Uint8Array => parseText(withInput(input)).request.inputs[0]!.data;

const FLOATS = fc.oneof(fc.float(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -0));

/** Tensors that can travel in the given form. */
function tensors(form: "json" | "binary"): fc.Arbitrary<Tensor> {
  const raw = (size: number) => (count: number) =>
    fc.uint8Array({ minLength: count * size, maxLength: count * size });
  const elements =
    (datatype: Datatype) =>
    (count: number): fc.Arbitrary<Uint8Array> => {
      if (datatype === "BYTES") {
        const element = form === "json" ? fc.string({ unit: "grapheme" }).map(textBytes) : fc.uint8Array();
        return fc.array(element, { minLength: count, maxLength: count }).map(packBytes);
      }
      if (datatype === "BOOL") {
        const bits = fc.array(fc.constantFrom(0, 1), { minLength: count, maxLength: count });
        return bits.map((values) => Uint8Array.from(values));
      }
      // The payload of a NaN does not survive JSON.
      if (form === "json" && datatype === "FP32") {
        return fc
          .array(FLOATS, { minLength: count, maxLength: count })
          .map((values) => new Uint8Array(Float32Array.from(values).buffer));
      }
      if (form === "json" && datatype === "FP64") {
        return fc
          .array(fc.double(), { minLength: count, maxLength: count })
          .map((values) => new Uint8Array(Float64Array.from(values).buffer));
      }
      return raw(DATATYPE_BYTES[datatype])(count);
    };
  const names = Object.keys(DATATYPE_BYTES) as Datatype[];
  return fc
    .record({
      name: fc.string(),
      datatype: fc.constantFrom(...names.filter((n) => form === "binary" || (n !== "FP16" && n !== "BF16"))),
      shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
      parameters: fc.constantFrom(undefined, { wirebench_content: "rgb8" }),
    })
    .chain((head) =>
      elements(head.datatype)(head.shape.reduce((a, b) => a * b, 1)).map((data) => ({ ...head, data })),
    );
}

function requests(form: "json" | "binary"): fc.Arbitrary<InferRequest> {
  return fc.record(
    {
      modelName: fc.string(),
      modelVersion: fc.constantFrom(undefined, "1"),
      id: fc.string(),
      parameters: fc.constantFrom(undefined, { timeout: 5000, priority: 1, note: "ü", sequence_end: true }),
      inputs: fc.uniqueArray(tensors(form), { maxLength: 3, selector: ({ name }) => name }),
      outputs: fc.option(
        fc.array(
          fc.string().map((name) => ({ name, parameters: undefined })),
          { minLength: 1 },
        ),
        {
          nil: undefined,
        },
      ),
    },
    { noNullPrototype: true },
  );
}

describe("infer requests", () => {
  it.each(["json", "binary"] as const)("read back what was written as %s", (form) => {
    fc.assert(
      fc.property(requests(form), (request) => {
        const written = writeInferRequest(request, form);
        const body = joined(written);
        expect(body.byteLength).toBe(written.totalBytes);
        const { modelName, modelVersion } = request;
        const parsed = parseInferRequest(body, { modelName, modelVersion, headerBytes: written.headerBytes });
        expect(parsed.request).toStrictEqual(request);
        for (const name of request.outputs?.map((output) => output.name) ?? ["any"]) {
          expect(isBinaryOutput(parsed.binaryOutputs, name)).toBe(form === "binary");
        }
      }),
    );
  });

  it("have the golden bytes G7", () => {
    const data = Uint8Array.from(Buffer.from("0000803f000020c0", "hex"));
    const written = writeInferRequest(
      {
        modelName: "seg",
        id: "r1",
        inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], data }],
        outputs: [{ name: "y" }],
      },
      "binary",
    );
    const json =
      '{"id":"r1","inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}],"outputs":[{"name":"y","parameters":{"binary_data":true}}]}';
    expect(written).toMatchObject({ headerBytes: 162, totalBytes: 170 });
    expect(Buffer.from(joined(written)).toString("latin1")).toBe(json + Buffer.from(data).toString("latin1"));
    expect(written.parts.at(-1)).toBe(data);
    const parsed = parseInferRequest(joined(written), { modelName: "seg", headerBytes: 162 });
    expect(new Float32Array(parsed.request.inputs[0]!.data.slice().buffer)).toEqual(Float32Array.of(1, -2.5));
    expect(parsed.request.id).toBe("r1");
  });

  it("take binary tensors as views of the body", () => {
    const written = writeInferRequest(
      {
        modelName: "m",
        id: "",
        inputs: [{ name: "x", datatype: "UINT8", shape: [3], data: new Uint8Array(3) }],
      },
      "binary",
    );
    const body = joined(written);
    const { request } = parseInferRequest(body, { modelName: "m", headerBytes: written.headerBytes });
    expect(request.inputs[0]?.data.buffer).toBe(body.buffer);
    expect(request.inputs[0]?.data.byteOffset).toBe(written.headerBytes);
  });

  it.each([
    ["flat", [1, 2, 3, 4]],
    [
      "nested",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      "nested deeper than the shape",
      [
        [[1], [2]],
        [[3], [4]],
      ],
    ],
  ])("accept %s data", (_name, data) => {
    expect([...dataOf({ shape: [2, 2], datatype: "UINT8", data })]).toEqual([1, 2, 3, 4]);
  });

  it("lets the preference of an output win over that of the request", () => {
    const { binaryOutputs } = parseText({
      parameters: { binary_data_output: true },
      inputs: [],
      outputs: [{ name: "a" }, { name: "b", parameters: { binary_data: false } }],
    });
    expect(["a", "b"].map((name) => isBinaryOutput(binaryOutputs, name))).toEqual([true, false]);
  });

  const x = { shape: [2], datatype: "UINT8" };
  it.each<[string, unknown, RegExp]>([
    ["no JSON", "{", /the request is not JSON/],
    ["an array", [], /expected a JSON object/],
    ["no inputs", {}, /inputs: expected a JSON array, got nothing/],
    ["a number as id", { id: 7, inputs: [] }, /id: expected a string, got 7/],
    [
      "a nested parameter",
      { inputs: [], parameters: { a: {} } },
      /parameters\.a: expected a string, number or boolean/,
    ],
    ["no name", { inputs: [{}] }, /inputs\[0\]\.name: expected a string/],
    ["an unknown datatype", withInput({ ...x, datatype: "UINT9" }), /unknown datatype 'UINT9'/],
    ["a free dimension", withInput({ ...x, shape: [-1] }), /shape: expected non-negative integers, got -1/],
    ["too few elements", withInput({ ...x, data: [1] }), /expected 2 elements for shape \[2\], got 1/],
    ["a huge shape", withInput({ ...x, shape: [2 ** 50], data: [1] }), /got 1$/],
    ["a number out of range", withInput({ ...x, data: [1, 256] }), /element 1 is not a valid UINT8: 256/],
    ["a fraction", withInput({ ...x, data: [1, 1.5] }), /element 1 is not a valid UINT8: 1.5/],
    ["text as number", withInput({ ...x, data: ["1", 1] }), /element 0 is not a valid UINT8: "1"/],
    ["null", withInput({ ...x, datatype: "FP32", data: [null, 1] }), /element 0 is not a valid FP32: null/],
    ["an overflow", withInput({ ...x, datatype: "FP32", data: [1, 1e39] }), /element 1 is not a valid FP32/],
    [
      "2^63 as INT64",
      `{"inputs":[{"name":"x","shape":[2],"datatype":"INT64","data":[1,9223372036854775808]}]}`,
      /element 1 is not a valid INT64: "9223372036854775808"/,
    ],
    ["1e20 as INT64", withInput({ ...x, datatype: "INT64", data: [1, 1e20] }), /not a valid INT64/],
    [
      "a text that is no integer",
      withInput({ ...x, datatype: "UINT64", data: ["1.5", 1] }),
      /element 0 is not a valid UINT64: "1.5"/,
    ],
    [
      "an input twice",
      {
        inputs: [
          { ...x, name: "x", data: [1, 2] },
          { ...x, name: "x", data: [3, 4] },
        ],
      },
      /input 'x' is in the request twice/,
    ],
    ["no shape", withInput({ datatype: "UINT8", data: [1] }), /shape: expected a JSON array, got nothing/],
    [
      "a shape beyond counting",
      withInput({ ...x, shape: new Array(40).fill(2 ** 40), data: [1] }),
      /shape: more elements than can be counted exactly/,
    ],
    [
      "a shape of zeros that hide infinity",
      withInput({ ...x, shape: [...new Array<number>(40).fill(2 ** 40), 0], data: [] }),
      /shape: more elements than can be counted exactly/,
    ],
    ["a negative UINT64", withInput({ ...x, datatype: "UINT64", data: [1, -1] }), /not a valid UINT64: -1/],
    [
      "numbers as BOOL",
      withInput({ ...x, datatype: "BOOL", data: [0, 1] }),
      /expected true or false for BOOL/,
    ],
    ["numbers as BYTES", withInput({ ...x, datatype: "BYTES", data: [0, 1] }), /expected strings for BYTES/],
    ["FP16", withInput({ ...x, datatype: "FP16", data: [0, 1] }), /FP16 cannot travel as JSON/],
    ["a mixture", withInput({ ...x, data: [[1], 2] }), /mixes arrays and elements/],
    ["neither data nor size", withInput(x), /got neither/],
    ["both", withInput({ ...x, data: [1, 2], parameters: { binary_data_size: 2 } }), /got both/],
    [
      "a binary part too short",
      withInput({ ...x, parameters: { binary_data_size: 2 } }),
      /expected 2 bytes .* got 0/,
    ],
    [
      "a size as text",
      withInput({ ...x, parameters: { binary_data_size: "2" } }),
      /must be a number of bytes/,
    ],
    [
      "a binary preference as text",
      { inputs: [], parameters: { binary_data_output: "no" } },
      /expected true or false/,
    ],
  ])("refuse %s", (_name, json, message) => {
    expect(() => parseText(json)).toThrow(expect.objectContaining({ status: "INVALID_ARGUMENT" }));
    expect(() => parseText(json)).toThrow(message);
  });

  it("refuse arrays nested without end", () => {
    const nested = `${"[".repeat(100_000)}1${"]".repeat(100_000)}`;
    expect(() =>
      parseText(`{"inputs":[{"name":"x","shape":[1],"datatype":"UINT8","data":${nested}}]}`),
    ).toThrow(/nested deeper than 100|not JSON/);
  });

  it("name what is nested without end instead of writing it out", () => {
    const nested = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expect(() => parseText(`{"inputs":${nested}}`)).toThrow(
      "inputs[0]: expected a JSON object, got an array of 1",
    );
    expect(() => parseText(`{"inputs":[],"parameters":{"a":{"b":${nested}}}}`)).toThrow(/got an object$/);
  });

  it("keep all digits of 64-bit integers, as numbers and as texts, and leave all else alone", () => {
    const { request } = parseText(
      `{"id":"1234567890123456789","inputs":[
        {"name":"a \\" 1234567890123456789","shape":[4],"datatype":"INT64",
         "data":[[9223372036854775807,-9223372036854775808],["-1",9007199254740993]]},
        {"name":"b","shape":[2],"datatype":"UINT64","data":[18446744073709551615,0]},
        {"name":"c","shape":[2],"datatype":"FP64","data":[12345678901234567890,0.12345678901234567890]},
        {"name":"d","shape":[1],"datatype":"BYTES","data":["1234567890123456789"]}]}`,
    );
    const [a, b, c, d] = request.inputs;
    expect(request.id).toBe("1234567890123456789");
    expect(a?.name).toBe('a " 1234567890123456789');
    expect([...new BigInt64Array(a!.data.buffer)]).toEqual([
      2n ** 63n - 1n,
      -(2n ** 63n),
      -1n,
      2n ** 53n + 1n,
    ]);
    expect([...new BigUint64Array(b!.data.buffer)]).toEqual([2n ** 64n - 1n, 0n]);
    expect([...new Float64Array(c!.data.buffer)]).toEqual(
      ["12345678901234567890", "0.12345678901234567890"].map(Number),
    );
    expect(Buffer.from(d!.data.subarray(4)).toString()).toBe("1234567890123456789");
  });

  it("keep all digits beside a text of millions of escapes", () => {
    const { request } = parseText(
      `{"id":"${"\\n".repeat(4_000_000)}","inputs":[
        {"name":"x","shape":[1],"datatype":"INT64","data":[9223372036854775807]}]}`,
    );
    expect(new BigInt64Array(request.inputs[0]!.data.buffer)[0]).toBe(2n ** 63n - 1n);
  });

  it("have NaN and infinities as bare words in floating-point tensors", () => {
    const { request } = parseText(
      `{"id":"NaN \\" Infinity","parameters":{"a":"Inf"},"inputs":[
        {"name":"a","shape":[3,2],"datatype":"FP32","data":[[NaN,-NaN],[Infinity,-Infinity],[Inf,-Inf]]},
        {"name":"b","shape":[4],"datatype":"FP64","data":[-0, "NaN", NaN, 1.5e-7]},
        {"name":"c","shape":[1],"datatype":"INT64","data":[9223372036854775807]},
        {"name":"d","shape":[1],"datatype":"BOOL","data":[true]},
        {"name":"e","shape":[1],"datatype":"BYTES","data":["NaN"], "unknown":[false,null,{}]}]}`,
    );
    const [a, b, c, d, e] = request.inputs;
    expect(request).toMatchObject({ id: 'NaN " Infinity', parameters: { a: "Inf" } });
    expect([...new Float32Array(a!.data.buffer)]).toEqual([
      NaN,
      NaN,
      Infinity,
      -Infinity,
      Infinity,
      -Infinity,
    ]);
    expect([...new Float64Array(b!.data.buffer)]).toEqual([-0, NaN, NaN, 1.5e-7]);
    expect(new BigInt64Array(c!.data.buffer)[0]).toBe(2n ** 63n - 1n);
    expect([...d!.data]).toEqual([1]);
    expect(Buffer.from(e!.data.subarray(4)).toString()).toBe("NaN");
  });

  it.each([
    ["UINT8", "[NaN,1]", /element 0 is not a valid UINT8: NaN$/],
    ["INT32", "[1,-Infinity]", /element 1 is not a valid INT32: -Infinity$/],
    ["INT64", "[1,Inf]", /element 1 is not a valid INT64: Infinity$/],
    ["BOOL", "[true,NaN]", /expected true or false for BOOL, got NaN$/],
    ["BYTES", '["a",NaN]', /expected strings for BYTES, got NaN$/],
    ["FP32", "NaN", /not JSON/],
    ["FP32", "[[NaN],NaN]", /mixes arrays and elements: NaN$/],
    ["FP32", "[NaN,1e999]", /element 1 is not a valid FP32/],
    ["FP32", "[NaN,nan]", /not JSON/],
    ["FP32", "[NaN,+Inf]", /not JSON/],
    ["FP32", "[NaN,NaN", /not JSON/],
    ["FP32", '[1,2],"id":NaN', /not JSON/],
    ["FP32", `${"[".repeat(100_000)}NaN`, /not JSON: .*too deep/],
  ])("refuse for %s the bare words of %s", (datatype, data, message) => {
    const text = `{"inputs":[{"name":"x","shape":[2],"datatype":"${datatype}","data":${data}}]}`;
    expect(() => parseText(text)).toThrow(expect.objectContaining({ status: "INVALID_ARGUMENT" }));
    expect(() => parseText(text)).toThrow(message);
  });

  it("refuse bare words without end in the time of their length", () => {
    for (const piece of ['"\\"', "-NaN,", "[NaN,", '{"a":NaN', "-"]) {
      const begun = performance.now();
      expect(() => parseText(`NaN ${piece.repeat(500_000)}`)).toThrow(/not JSON/);
      expect(() => parseText(`[${piece.repeat(500_000)}NaN`)).toThrow(/not JSON/);
      expect(performance.now() - begun).toBeLessThan(5_000);
    }
  });

  it("refuse -1, 2^64 and a lost digit as UINT64", () => {
    for (const number of ["-1", "-1234567890123456789", "18446744073709551616", "1234567890123456789.5"]) {
      expect(() =>
        parseText(`{"inputs":[{"name":"x","shape":[1],"datatype":"UINT64","data":[${number}]}]}`),
      ).toThrow(/element 0 is not a valid UINT64/);
    }
  });

  it("take null for what may be left out", () => {
    const { request } = parseText({
      id: null,
      parameters: null,
      outputs: null,
      inputs: [{ name: "x", ...x, data: [1, 2], parameters: null }],
    });
    expect(request).toMatchObject({ id: "", parameters: undefined, outputs: undefined });
    expect(request.inputs[0]?.parameters).toBeUndefined();
    const output = { name: "y", parameters: null };
    expect(parseText({ inputs: [], outputs: [output] }).request.outputs).toEqual([
      { name: "y", parameters: undefined },
    ]);
  });

  it("say plainly that shared memory is not supported", () => {
    const parameters = { shared_memory_region: "r", shared_memory_byte_size: 2 };
    for (const json of [
      withInput({ ...x, parameters }),
      { inputs: [], outputs: [{ name: "x", parameters }] },
    ]) {
      expect(() => parseText(json)).toThrow(
        expect.objectContaining({
          status: "UNIMPLEMENTED",
          message: "tensor 'x': shared memory is not supported",
        }),
      );
    }
  });

  it("refuse bytes that are not UTF-8", () => {
    const body = Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d);
    expect(() => parseInferRequest(body, { modelName: "m", headerBytes: 7 })).toThrow(/not UTF-8/);
  });

  it("want every output where the list of outputs is empty", () => {
    expect(parseText('{"inputs":[],"outputs":[]}').request.outputs).toBeUndefined();
  });

  it("refuse bytes behind the last tensor, a header longer than the body, and one without JSON", () => {
    const body = textBytes('{"inputs":[]} ');
    const read = (headerBytes: number) => () => parseInferRequest(body, { modelName: "m", headerBytes });
    expect(read(13)).toThrow(/1 bytes are left behind the last binary tensor/);
    expect(read(15)).toThrow(/said to have 15 bytes, but the body has 14/);
    expect(read(0)).toThrow(/the request is not JSON/);
  });
});

describe("infer responses", () => {
  it("read back what was written, each output in its form", () => {
    fc.assert(
      fc.property(fc.array(tensors("json"), { maxLength: 4 }), fc.boolean(), (outputs, isEven) => {
        const isBinary = (name: string): boolean => (name.length % 2 === 0) === isEven;
        const head = { modelName: "m", modelVersion: "1", id: "r1", parameters: { wirebench_out_ns: 5 } };
        const written = writeInferResponse(head, writeOutputs(outputs, isBinary));
        const body = joined(written);
        expect(body.byteLength).toBe(written.totalBytes);
        expect(parseInferResponse(body, written.headerBytes)).toStrictEqual({ ...head, outputs });
      }),
    );
  });

  it("put the parameters last and leave out an empty id", () => {
    const head = { modelName: "m", modelVersion: "1", id: "", parameters: { a: 1 } };
    const { parts } = writeInferResponse(
      head,
      writeOutputs([], () => false),
    );
    expect(Buffer.concat(parts).toString()).toBe(
      '{"model_name":"m","model_version":"1","outputs":[],"parameters":{"a":1}}',
    );
  });

  it("write what JSON has no numbers for as protobuf's JSON mapping does", () => {
    const data = new Uint8Array(
      Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, -1 / 0, -0, 0.5).buffer,
    );
    const { json } = writeOutputs([{ name: "y", datatype: "FP32", shape: [5], data }], () => false);
    expect(Buffer.from(json).toString()).toContain('"data":["NaN","Infinity","-Infinity",-0,0.5]');
  });

  it("write and read all digits of 64-bit integers", () => {
    const data = new Uint8Array(BigInt64Array.of(9007199254740993n, -(2n ** 63n)).buffer);
    const outputs = writeOutputs([{ name: "y", datatype: "INT64", shape: [2], data }], () => false);
    expect(Buffer.from(outputs.json).toString()).toContain('"data":[9007199254740993,-9223372036854775808]');
    const { parts } = writeInferResponse({ modelName: "m", modelVersion: "1", id: "" }, outputs);
    const answer = parseInferResponse(new Uint8Array(Buffer.concat(parts)));
    expect(answer.outputs[0]?.data).toEqual(data);
  });

  it("know of a binary part that is empty", () => {
    const empty: Tensor = { name: "y", datatype: "BYTES", shape: [0], data: new Uint8Array(0) };
    const head = { modelName: "m", modelVersion: "1", id: "" };
    const written = (isBinary: boolean) =>
      writeInferResponse(
        head,
        writeOutputs([empty], () => isBinary),
      );
    expect(written(true)).toMatchObject({ hasBinary: true });
    expect(written(false)).toMatchObject({ hasBinary: false });
  });

  it("own the whole buffer of the written JSON, so that it can be moved to another thread", () => {
    const { json } = writeOutputs([], () => false);
    expect(json.buffer.byteLength).toBe(json.byteLength);
  });

  it("read numbers that span several pieces and unaligned bytes", () => {
    const values = Uint16Array.from({ length: 40_000 }, (_, i) => i);
    const shifted = new Uint8Array(1 + values.byteLength);
    shifted.set(new Uint8Array(values.buffer), 1);
    const tensor: Tensor = { name: "y", datatype: "UINT16", shape: [40_000], data: shifted.subarray(1) };
    const written = writeInferResponse(
      { modelName: "m", modelVersion: "1", id: "" },
      writeOutputs([tensor], () => false),
    );
    const { outputs } = parseInferResponse(joined(written));
    expect(Buffer.compare(outputs[0]!.data, tensor.data)).toBe(0);
  });

  it("blame the server for a malformed answer", () => {
    expect(() => parseInferResponse(textBytes("nonsense"))).toThrow(
      expect.objectContaining({ status: "INTERNAL" }),
    );
  });
});
