import fc from "fast-check";
import { expect, it } from "vitest";
import { encodeInferResponse } from "../../../src/core/oip/protobuf.ts";
import { decodeInferResponse } from "../../../src/core/oip/protobuf-decode.ts";
import { joinParts } from "../../../src/core/oip/protobuf-message.ts";
import { DATATYPE_BYTES, type Datatype, type Tensor } from "../../../src/core/tensor.ts";
import { alignTensors } from "../../../src/serving/align-tensors.ts";

const DATATYPES = Object.keys(DATATYPE_BYTES) as Datatype[];
const bytesOf = ({ data }: Tensor): readonly number[] => [...data];
const isAligned = ({ datatype, data }: Tensor): boolean =>
  data.byteOffset % (DATATYPE_BYTES[datatype] || 1) === 0;

/** Views of one buffer, in any order, `gap` bytes before each. */
const layout = fc.array(
  fc.record({
    datatype: fc.constantFrom(...DATATYPES),
    gap: fc.integer({ min: 0, max: 12 }),
    elements: fc.integer({ min: 0, max: 9 }),
    order: fc.nat(),
  }),
  { maxLength: 6 },
);

function tensorsOf(places: typeof layout extends fc.Arbitrary<infer T> ? T : never): Tensor[] {
  const sizes = places.map(({ datatype, elements }) => elements * (DATATYPE_BYTES[datatype] || 1));
  const total = places.reduce((sum, { gap }, i) => sum + gap + (sizes[i] ?? 0), 0);
  const bytes = Uint8Array.from({ length: total }, (_, at) => (at * 37 + 11) % 256);
  let at = 0;
  return places
    .map(({ datatype, gap, order }, i) => {
      const start = at + gap;
      at = start + (sizes[i] ?? 0);
      return {
        order,
        tensor: { name: `t${i}`, datatype, shape: [], data: bytes.subarray(start, at) } satisfies Tensor,
      };
    })
    .sort((a, b) => a.order - b.order)
    .map(({ tensor }) => tensor);
}

it("keeps the bytes of every tensor, and aligns each that has room", () => {
  fc.assert(
    fc.property(layout, (places) => {
      const given = tensorsOf(places);
      const before = given.map(bytesOf);
      const names = given.map(({ name }) => name);
      const aligned = alignTensors(given);
      expect(aligned.map(bytesOf)).toEqual(before);
      expect(aligned.map(({ name }) => name)).toEqual(names);
      const filled = aligned.filter(({ data }) => data.byteLength > 0);
      const first = filled.sort((a, b) => a.data.byteOffset - b.data.byteOffset)[0];
      // Nothing lies in front of the first.
      if (first !== undefined) expect(isAligned(first)).toBe(true);
    }),
  );
});

// The tag and the length in front of each leave room for elements of up to 4 bytes.
it("aligns every tensor of a received message, within its buffer", () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 20 }),
      fc.array(fc.constantFrom("FP32", "INT32", "UINT8", "FP16"), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 0, max: 7 }),
      (id, datatypes, offset) => {
        const outputs = datatypes.map((datatype, i) => {
          const data = Uint8Array.from({ length: 240 }, (_, at) => (at * 7 + i) % 256);
          return { name: `out${i}`, datatype, shape: [240 / DATATYPE_BYTES[datatype]], data };
        });
        const message = joinParts(encodeInferResponse({ modelName: "m", modelVersion: "1", id, outputs }));
        const buffer = new Uint8Array(offset + message.byteLength);
        buffer.set(message, offset);
        const aligned = alignTensors(decodeInferResponse(buffer.subarray(offset)).outputs);
        expect(aligned.every(isAligned)).toBe(true);
        expect(aligned.every(({ data }) => data.buffer === buffer.buffer)).toBe(true);
        expect(aligned.map(bytesOf)).toEqual(outputs.map(bytesOf));
      },
    ),
  );
});

it("leaves what is aligned, shares memory or overlaps as it is", () => {
  const float = (data: Uint8Array): Tensor => ({
    name: "f",
    datatype: "FP32",
    shape: [data.length / 4],
    data,
  });
  const aligned = [float(new Uint8Array(12).subarray(4))];
  expect(alignTensors(aligned)).toBe(aligned);
  const shared = float(new Uint8Array(new SharedArrayBuffer(9), 1));
  expect(alignTensors([shared])).toEqual([shared]);
  const bytes = Uint8Array.from({ length: 13 }, (_, at) => at);
  const twice = [float(bytes.subarray(1, 9)), float(bytes.subarray(5, 13))];
  expect(alignTensors(twice)).toEqual(twice);
  expect([...bytes]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});
