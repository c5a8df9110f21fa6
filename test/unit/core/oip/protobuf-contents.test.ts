import { describe, expect, it } from "vitest";
import { decodeInferRequest, decodeInferResponse } from "../../../../src/core/oip/protobuf.ts";
import type { Datatype } from "../../../../src/core/tensor.ts";

/** A length-delimited field. */
function field(number: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([varint((number << 3) | 2), varint(content.byteLength), content]);
}

function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

const packed = (...values: (number | bigint)[]): Uint8Array => Buffer.concat(values.map(varint));

/** One tensor's message: name x, and what is given. */
function tensor(datatype: string, shape: readonly number[], contents?: Uint8Array): Uint8Array {
  return Buffer.concat([
    field(1, Buffer.from("x")),
    field(2, Buffer.from(datatype)),
    field(3, packed(...shape)),
    ...(contents === undefined ? [] : [field(5, contents)]),
  ]);
}

function request(tensors: readonly Uint8Array[], raw: readonly Uint8Array[] = []): Uint8Array {
  return Buffer.concat([
    field(1, Buffer.from("seg")),
    ...tensors.map((one) => field(5, one)),
    ...raw.map((one) => field(7, one)),
  ]);
}

const dataOf = (message: Uint8Array): Uint8Array | undefined => decodeInferRequest(message).inputs[0]?.data;
const as = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

describe("typed contents", () => {
  const cases: readonly [Datatype, number, Uint8Array, number, Uint8Array][] = [
    ["BOOL", 1, packed(1, 0, 1), 3, Uint8Array.of(1, 0, 1)],
    ["INT8", 2, packed(-1, 127, -128), 3, as(Int8Array.of(-1, 127, -128))],
    ["INT16", 2, packed(-1, 32767), 2, as(Int16Array.of(-1, 32767))],
    ["INT32", 2, packed(-1, 2 ** 31 - 1), 2, as(Int32Array.of(-1, 2 ** 31 - 1))],
    ["INT64", 3, packed(-1n, 2n ** 62n + 1n), 2, as(BigInt64Array.of(-1n, 2n ** 62n + 1n))],
    ["UINT8", 4, packed(0, 128, 255), 3, Uint8Array.of(0, 128, 255)],
    ["UINT16", 4, packed(65535, 1), 2, as(Uint16Array.of(65535, 1))],
    ["UINT32", 4, packed(2 ** 32 - 1), 1, as(Uint32Array.of(2 ** 32 - 1))],
    ["UINT64", 5, packed(2n ** 64n - 1n, 1n), 2, as(BigUint64Array.of(2n ** 64n - 1n, 1n))],
    ["FP32", 6, as(Float32Array.of(1, -2.5)), 2, as(Float32Array.of(1, -2.5))],
    ["FP64", 7, as(Float64Array.of(1, -2.5)), 2, as(Float64Array.of(1, -2.5))],
  ];

  it.each(cases)("%s is read from its member", (datatype, member, contents, count, expected) => {
    expect(dataOf(request([tensor(datatype, [count], field(member, contents))]))).toEqual(expected);
  });

  it("BYTES elements get their lengths", () => {
    const contents = Buffer.concat([field(8, Buffer.from("bird")), field(8, Buffer.alloc(0))]);
    expect(dataOf(request([tensor("BYTES", [2], contents)]))).toEqual(
      Uint8Array.of(4, 0, 0, 0, 98, 105, 114, 100, 0, 0, 0, 0),
    );
  });

  it("elements may be unpacked, mixed with packed ones, in several occurrences of the message", () => {
    const unpacked = Buffer.concat([Uint8Array.of(0x20), varint(300), field(4, packed(2, 3))]);
    const twice = Buffer.concat([tensor("UINT16", [4], unpacked), field(5, field(4, packed(4)))]);
    expect(dataOf(request([twice]))).toEqual(as(Uint16Array.of(300, 2, 3, 4)));
    const floats = Buffer.concat([Uint8Array.of(0x35), as(Float32Array.of(1.5))]);
    expect(dataOf(request([tensor("FP32", [1], floats)]))).toEqual(as(Float32Array.of(1.5)));
  });

  it("a response may have them too", () => {
    const message = Buffer.concat([field(5, tensor("FP32", [1], field(6, as(Float32Array.of(2)))))]);
    expect(decodeInferResponse(message).outputs[0]?.data).toEqual(as(Float32Array.of(2)));
  });

  it("unknown fields are passed over, groups included", () => {
    const unknown = Buffer.concat([Uint8Array.of(0xc3, 0x3e, 0x08, 0x01, 0xc4, 0x3e), field(100, packed(1))]);
    expect(decodeInferRequest(Buffer.concat([unknown, request([]), unknown])).modelName).toBe("seg");
  });
});

describe("refused with INVALID_ARGUMENT", () => {
  const one = Uint8Array.of(1);
  const cases: readonly [string, Uint8Array, string][] = [
    [
      "raw and typed",
      request([tensor("UINT8", [1], field(4, one))], [one]),
      "contents field must not be specified when using raw_input_contents for 'x' for model 'seg'",
    ],
    [
      "too few raw entries",
      request([tensor("UINT8", [1]), tensor("UINT8", [1])], [one]),
      "expected 2 entries",
    ],
    ["no contents", request([tensor("UINT8", [1])]), "neither raw nor typed contents"],
    ["wrong size", request([tensor("FP32", [1])], [one]), "tensor 'x': expected 4 bytes for FP32 [1], got 1"],
    ["wrong number of elements", request([tensor("UINT8", [2], field(4, one))]), "expected 2 elements"],
    [
      "wrong member",
      request([tensor("UINT8", [1], field(2, one))]),
      "expected uint_contents for datatype UINT8, got int_contents",
    ],
    ["typed FP16", request([tensor("FP16", [1], field(6, as(Float32Array.of(1))))]), "raw contents"],
    [
      "out of range",
      request([tensor("UINT8", [1], field(4, packed(256)))]),
      "the value 256 does not fit UINT8",
    ],
    [
      "out of range, signed",
      request([tensor("INT8", [1], field(2, packed(-129)))]),
      "the value -129 does not fit INT8",
    ],
    ["unknown datatype", request([tensor("FP8", [1])], [one]), "unknown datatype 'FP8'"],
    ["negative shape", request([tensor("UINT8", [-1])], [one]), "invalid size"],
    [
      "an enormous shape",
      request([tensor("FP64", [2 ** 40], field(7, as(Float64Array.of(1))))]),
      "expected 1099511627776 elements",
    ],
    ["half a float", request([tensor("FP32", [1], field(6, one))]), "not a multiple of 4"],
    ["a string that is not UTF-8", field(1, Uint8Array.of(0xff)), "not UTF-8"],
    ["a field over the end", Uint8Array.of(0x0a, 0x05, 0x61), "runs over the end"],
    ["an endless varint", new Uint8Array(20).fill(0xff), "more than 10 bytes"],
    ["an unfinished varint", Uint8Array.of(0x08, 0x80), "runs over the end"],
    ["field number 0", Uint8Array.of(0x02, 0x00), "invalid tag"],
    ["a group without end", Uint8Array.of(0xc3, 0x3e), "has no end"],
    ["groups nested without end", new Uint8Array(5000).fill(0x0b), "nested too deep"],
    [
      "101 dimensions",
      request([tensor("UINT8", new Array<number>(101).fill(1))], [one]),
      "more than 100 dimen",
    ],
    [
      "101 messages of contents",
      request([
        Buffer.concat([tensor("UINT8", [1]), ...new Array<Uint8Array>(101).fill(field(5, new Uint8Array()))]),
      ]),
      "more than 100 contents of one tensor",
    ],
    ["10,001 tensors", Buffer.alloc(20_002, Uint8Array.of(0x2a, 0)), "more than 10000 tensors"],
    ["10,001 outputs", Buffer.alloc(20_002, Uint8Array.of(0x32, 0)), "more than 10000 requested outputs"],
    ["10,001 raw contents", Buffer.alloc(20_002, Uint8Array.of(0x3a, 0)), "more than 10000 raw contents"],
  ];

  const region = field(
    4,
    Buffer.concat([field(1, Buffer.from("shared_memory_region")), field(2, field(3, Buffer.from("r")))]),
  );
  it.each([
    ["an input", request([Buffer.concat([region, tensor("UINT8", [1])])])],
    [
      "an input beside one with raw contents",
      request([tensor("UINT8", [1]), Buffer.concat([tensor("UINT8", [1]), region])], [one]),
    ],
    [
      "a requested output",
      Buffer.concat([
        request([tensor("UINT8", [1])], [one]),
        field(6, Buffer.concat([field(1, Buffer.from("x")), field(2, region.subarray(2))])),
      ]),
    ],
  ])("%s in shared memory", (_name, bytes) => {
    expect(() => decodeInferRequest(bytes)).toThrow(
      expect.objectContaining({
        status: "UNIMPLEMENTED",
        message: "tensor 'x': shared memory is not supported",
      }),
    );
  });

  it.each(cases)("%s", (_name, bytes, message) => {
    expect(() => decodeInferRequest(bytes)).toThrow(
      expect.objectContaining({
        status: "INVALID_ARGUMENT",
        message: expect.stringContaining(message) as string,
      }),
    );
  });
});
