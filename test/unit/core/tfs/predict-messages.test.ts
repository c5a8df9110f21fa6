import { fileURLToPath } from "node:url";
import fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { joinParts } from "../../../../src/core/oip/protobuf-message.ts";
import {
  DATATYPE_BYTES,
  type Datatype,
  packBytes,
  splitBytes,
  type Tensor,
} from "../../../../src/core/tensor.ts";
import {
  decodePredictRequest,
  decodePredictResponse,
  encodePredictRequest,
  encodePredictResponse,
} from "../../../../src/core/tfs/predict-messages.ts";

const MAX_BYTES = 1_000_000;
/** Made with protoc-generated code. */
const G4 =
  "0a200a096d6f62696c656e6574120208031a0f73657276696e675f64656661756c74121b0a0178121608011208120208011202080222080000803f000020c0";
const G5 =
  "0a1b0a017912160801120812020801120208022a080000003f0000803e12200a096d6f62696c656e6574120208031a0f73657276696e675f64656661756c74";

const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const varint = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
const x: Tensor = { name: "x", datatype: "FP32", shape: [1, 2], data: floats(1, -2.5) };
const y: Tensor = { name: "y", datatype: "FP32", shape: [1, 2], data: floats(0.5, 0.25) };

const root = new protobuf.Root();
root.resolvePath = (_origin, target) =>
  target.startsWith("google/")
    ? target
    : fileURLToPath(new URL(`../../../../proto/${target.split("/").at(-1)}`, import.meta.url));
root.loadSync("tensorflow_serving.proto", { keepCase: true });
const requestType = root.lookupType("tensorflow.serving.PredictRequest");
const responseType = root.lookupType("tensorflow.serving.PredictResponse");

describe("golden bytes", () => {
  it("PredictRequest, both ways", () => {
    const request = { modelName: "mobilenet", modelVersion: "3", id: "", inputs: [x] };
    expect(hex(joinParts(encodePredictRequest(request)))).toBe(G4);
    expect(decodePredictRequest(Buffer.from(G4, "hex"), MAX_BYTES)).toEqual({
      modelSpec: { name: "mobilenet", version: "3", signatureName: "serving_default", label: undefined },
      inputs: [{ ...x, data: expect.anything() }],
      outputFilter: [],
    });
    expect(hex(decodePredictRequest(Buffer.from(G4, "hex"), MAX_BYTES).inputs[0]!.data)).toBe(hex(x.data));
  });

  it("PredictResponse with float_val, both ways", () => {
    const response = { modelName: "mobilenet", modelVersion: "3", id: "", outputs: [y] };
    expect(hex(joinParts(encodePredictResponse(response, "typed")))).toBe(G5);
    const { outputs, modelSpec } = decodePredictResponse(Buffer.from(G5, "hex"), MAX_BYTES);
    expect(hex(outputs[0]!.data)).toBe(hex(y.data));
    expect(modelSpec.version).toBe("3");
  });
});

const DATATYPES = Object.keys(DATATYPE_BYTES) as Datatype[];
const NO_NAN = new Set<Datatype>(["FP32", "FP64"]);

const tensor: fc.Arbitrary<Tensor> = fc
  .record({
    name: fc.string({ minLength: 1, maxLength: 8 }),
    datatype: fc.constantFrom(...DATATYPES),
    shape: fc.array(fc.nat(4), { maxLength: 3 }),
    seed: fc.uint8Array({ minLength: 600, maxLength: 600 }),
  })
  .map(({ name, datatype, shape, seed }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    if (datatype === "BYTES") {
      const parts = Array.from({ length: count }, (_, index) =>
        seed.subarray(index, index + (seed[index]! % 5)),
      );
      return { name, datatype, shape, data: packBytes(parts) };
    }
    const data = seed.slice(0, count * DATATYPE_BYTES[datatype]);
    if (datatype === "BOOL") for (const index of data.keys()) data[index]! &= 1;
    return { name, datatype, shape, data };
  });
const tensors = fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 3 });

const plain = (list: readonly Tensor[]): unknown[] =>
  list.map(({ name, datatype, shape, data }) => ({ name, datatype, shape: [...shape], data: hex(data) }));

describe("every datatype", () => {
  it.each(["typed", "tensor_content"] as const)("comes back from %s as it was", (form) => {
    fc.assert(
      fc.property(tensors, (outputs) => {
        const message = encodePredictResponse({ modelName: "m", modelVersion: "1", id: "", outputs }, form);
        const bytes = joinParts(message);
        expect(bytes.byteLength).toBe(message.byteLength);
        expect(plain(decodePredictResponse(bytes, MAX_BYTES).outputs)).toEqual(plain(outputs));
      }),
    );
  });

  it("is read by generated code, and what generated code writes is read", () => {
    fc.assert(
      fc.property(tensors, (inputs) => {
        // Generated code changes the payload of a NaN.
        const kept = inputs.filter(({ datatype }) => !NO_NAN.has(datatype));
        const response = { modelName: "m", modelVersion: "7", id: "", outputs: kept };
        const read = responseType.decode(joinParts(encodePredictResponse(response, "typed")));
        const again = responseType.encode(read).finish();
        // A map has no order.
        const byName = (list: readonly Tensor[]): Tensor[] =>
          list.toSorted((a, b) => (a.name < b.name ? -1 : 1));
        expect(plain(byName(decodePredictResponse(again, MAX_BYTES).outputs))).toEqual(plain(byName(kept)));
        expect(responseType.toObject(read, { longs: Number })["model_spec"]).toEqual({
          name: "m",
          version: { value: 7 },
          signature_name: "serving_default",
        });
      }),
    );
  });
});

describe("what TensorFlow's clients send", () => {
  const decode = (fields: object, maxBytes = MAX_BYTES): Tensor =>
    decodePredictRequest(
      requestType.encode(requestType.create({ inputs: { x: { dtype: 1, ...fields } } })).finish(),
      maxBytes,
    ).inputs[0]!;
  const shape = (...sizes: number[]): object => ({ tensor_shape: { dim: sizes.map((size) => ({ size })) } });
  const values = ({ data }: Tensor): number[] => [
    ...new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)),
  ];

  it("a list that is too short goes on with its last value", () => {
    expect(values(decode({ ...shape(4), float_val: [1, 2] }))).toEqual([1, 2, 2, 2]);
    expect(values(decode({ ...shape(3), float_val: [7] }))).toEqual([7, 7, 7]);
    expect(values(decode({ ...shape(2) }))).toEqual([0, 0]);
    expect(values(decode({ float_val: [5] }))).toEqual([5]);
  });

  it("negative and narrow integers travel in int_val", () => {
    const tensor = decode({ dtype: 6, ...shape(3), int_val: [-128, 127, -1] });
    expect([...new Int8Array(tensor.data.buffer)]).toEqual([-128, 127, -1]);
  });

  it("a shape that comes twice is merged, as protobuf's messages are", () => {
    // inputs { "input": dtype UINT8, tensor_shape { dim 2 }, tensor_shape { dim 3 }, no values }
    const bytes = Buffer.from("12190a05696e707574121008041204120208020804120412020803", "hex");
    expect(decodePredictRequest(bytes, MAX_BYTES).inputs[0]?.shape).toEqual([2, 3]);
  });

  it("the last of several entries of one name counts", () => {
    const first = requestType.encode(
      requestType.create({ inputs: { x: { dtype: 1, ...shape(1), float_val: [1] } } }),
    );
    const second = requestType.encode(
      requestType.create({ inputs: { x: { dtype: 1, ...shape(1), float_val: [2] } } }),
    );
    const { inputs } = decodePredictRequest(Buffer.concat([first.finish(), second.finish()]), MAX_BYTES);
    expect(inputs.map(values)).toEqual([[2]]);
  });

  it("the last of many values goes on at once, in elements of any size", () => {
    const startMs = performance.now();
    const big = 200_000_000;
    const { data } = decode({ dtype: 10, ...shape(big), bool_val: [true] }, big);
    expect([data.byteLength, data[123_456_789], data.at(-1)]).toEqual([big, 1, 1]);
    const empty = decode({ dtype: 7, ...shape(big / 4), string_val: [Buffer.alloc(0)] }, big);
    expect(empty.data.byteLength).toBe(big);
    expect(performance.now() - startMs).toBeLessThan(2_500);
    const integers = decode({ dtype: 9, ...shape(7), int64_val: [1, -2] });
    expect([...new BigInt64Array(integers.data.buffer)]).toEqual([1n, -2n, -2n, -2n, -2n, -2n, -2n]);
    const strings = decode({ dtype: 7, ...shape(5), string_val: [Buffer.from("ab"), Buffer.from("c")] });
    expect(splitBytes(strings.data).join()).toBe("97,98,99,99,99,99");
  });

  it("elements may be unpacked, mixed with packed ones, and come before the type", () => {
    // inputs { "x": int_val 5 (unpacked), dtype INT32, tensor_shape { dim 3 }, int_val [6, 7] }
    const bytes = Buffer.from("12130a0178120e380508031204120208033a020607", "hex");
    const [found] = decodePredictRequest(bytes, MAX_BYTES).inputs;
    expect([...new Int32Array(found!.data.buffer)]).toEqual([5, 6, 7]);
  });

  it("unpacked elements take no memory of their own before they are refused", () => {
    const bytes = 20_000_000;
    const tensorHead = [0x08, 3];
    const entryHead = [0x12, ...varint(tensorHead.length + bytes)];
    const head = [0x12, ...varint(entryHead.length + tensorHead.length + bytes), ...entryHead, ...tensorHead];
    const message = Buffer.alloc(head.length + bytes);
    message.set(head);
    message.fill(Uint8Array.of(0x38, 1), head.length);
    const heapBytes = process.memoryUsage().heapTotal;
    expect(() => decodePredictRequest(message, bytes)).toThrow(/at most 1 values/);
    expect(process.memoryUsage().heapTotal - heapBytes).toBeLessThan(200_000_000);
  });

  it("the last of several entries of one name stands last", () => {
    const entry = (name: string, value: number): Uint8Array =>
      requestType
        .encode(requestType.create({ inputs: { [name]: { dtype: 1, ...shape(1), float_val: [value] } } }))
        .finish();
    const message = Buffer.concat([entry("x", 1), entry("y", 2), entry("x", 3)]);
    const { inputs } = decodePredictRequest(message, MAX_BYTES);
    expect(inputs.map((each) => [each.name, ...values(each)])).toEqual([
      ["y", 2],
      ["x", 3],
    ]);
  });

  it("what one entry says twice counts twice towards the limit", () => {
    // dtype UINT8, tensor_shape { dim 600000 }
    const tensor = "080412061204 08c0cf24".replace(" ", "");
    const one = Buffer.from(`120f0a0178120a${tensor}`, "hex");
    expect(decodePredictRequest(one, MAX_BYTES).inputs[0]?.shape).toEqual([600_000]);
    const two = Buffer.from(`121b0a0178120a${tensor}120a${tensor}`, "hex");
    expect(() => decodePredictRequest(two, MAX_BYTES)).toThrow(
      expect.objectContaining({ status: "RESOURCE_EXHAUSTED" }) as Error,
    );
  });

  it.each<[string, number, (index: number) => number[]]>([
    // Names of two plain characters.
    ["inputs", 2, (index) => [0x0a, 2, index & 0x7f, index >> 7, 0x12, 4, 0x08, 4, 0x12, 0]],
    ["names of outputs", 3, () => []],
  ])("more than 10,000 %s are refused", (_what, field, contents) => {
    const fields = Array.from({ length: 10_001 }, (_, index) => {
      const bytes = contents(index);
      return Buffer.from([(field << 3) | 2, bytes.length, ...bytes]);
    });
    expect(() => decodePredictRequest(Buffer.concat(fields), MAX_BYTES)).toThrow(/more than 10000 tensors/);
    expect(() => decodePredictRequest(Buffer.concat(fields.slice(1)), MAX_BYTES)).not.toThrow();
  });

  it.each([
    ["too many values", { ...shape(1), float_val: [1, 2] }, "INVALID_ARGUMENT", /at most 1 values/],
    [
      "the wrong list",
      { ...shape(1), int_val: [1] },
      "INVALID_ARGUMENT",
      /expected field 5 for FP32, got field 7/,
    ],
    ["the wrong size", { ...shape(2), tensor_content: floats(1) }, "INVALID_ARGUMENT", /expected 8 bytes/],
    ["an unknown type", { dtype: 8, ...shape(1) }, "INVALID_ARGUMENT", /type 8 cannot be served/],
    [
      "a value out of range",
      { dtype: 4, ...shape(1), int_val: [256] },
      "INVALID_ARGUMENT",
      /does not fit UINT8/,
    ],
    ["a negative size", { ...shape(-1), float_val: [1] }, "INVALID_ARGUMENT", /the size -1/],
    ["an unknown rank", { tensor_shape: { unknown_rank: true } }, "INVALID_ARGUMENT", /rank is unknown/],
    ["101 dimensions", shape(...new Array<number>(101).fill(1)), "INVALID_ARGUMENT", /more than 100 sizes/],
    [
      "more elements than a number can say",
      shape(...new Array<number>(50).fill(Number.MAX_SAFE_INTEGER), 0),
      "RESOURCE_EXHAUSTED",
      /limit/,
    ],
    [
      "one value for a huge shape",
      { ...shape(100_000, 100_000), float_val: [1] },
      "RESOURCE_EXHAUSTED",
      /limit/,
    ],
    [
      "a long string for a huge shape",
      { dtype: 7, ...shape(100_000), string_val: [Buffer.alloc(1_000)] },
      "RESOURCE_EXHAUSTED",
      /limit/,
    ],
  ])("refuses %s", (_what, fields, status, message) => {
    expect(() => decode(fields)).toThrow(
      expect.objectContaining({ status, message: expect.stringMatching(message) }) as Error,
    );
  });

  it("never fails otherwise than with a TransportError, and never hangs, on mutated bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 6 }), (changes) => {
        const bytes = Buffer.from(G4, "hex");
        for (const [at, value] of changes) bytes[at % bytes.byteLength] = value;
        try {
          decodePredictRequest(bytes, MAX_BYTES);
        } catch (reason) {
          expect(reason).toMatchObject({ code: "ERR_TRANSPORT" });
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
