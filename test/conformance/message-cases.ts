import { expect, it } from "vitest";
import { clockId } from "../../dist/core/clock.js";
import { readServerTiming } from "../../dist/core/parameters.js";
import { packBytes, type Tensor } from "../../dist/core/tensor.js";
import { createMarks } from "../../dist/core/transport.js";
import { type Bed, delayRequest, infer, patternBytes, requestOf, withPair } from "./conformance-bed.ts";

const KIB = 1024;
/** A camera frame of 968×608 in RGB, near enough. */
const FRAME_BYTES = 1_769_472;
const SIZES = [0, 1, KIB, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, FRAME_BYTES];

const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Every datatype that each encoding can carry, and several tensors in one message. */
const TENSORS: readonly Tensor[] = [
  { name: "bool", datatype: "BOOL", shape: [3], data: Uint8Array.of(1, 0, 1) },
  { name: "uint16", datatype: "UINT16", shape: [2], data: bytesOf(Uint16Array.of(1, 65535)) },
  { name: "int8", datatype: "INT8", shape: [1, 2], data: bytesOf(Int8Array.of(-128, 127)) },
  { name: "int32", datatype: "INT32", shape: [2, 1], data: bytesOf(Int32Array.of(-5, 2 ** 31 - 1)) },
  { name: "int64", datatype: "INT64", shape: [2], data: bytesOf(BigInt64Array.of(-7n, 2n ** 40n)) },
  { name: "fp32", datatype: "FP32", shape: [2, 2], data: bytesOf(Float32Array.of(0.1, -2.5, 3e30, 0)) },
  { name: "fp64", datatype: "FP64", shape: [1], data: bytesOf(Float64Array.of(0.1)) },
  { name: "empty", datatype: "FP32", shape: [0, 4], data: new Uint8Array() },
  {
    name: "bytes",
    datatype: "BYTES",
    shape: [3],
    data: packBytes([Buffer.from("grüße"), new Uint8Array(), Buffer.from("bird")]),
  },
];

/** Only raw bytes can carry these. */
const RAW_TENSORS: readonly Tensor[] = [
  { name: "fp16", datatype: "FP16", shape: [2], data: Uint8Array.of(0, 60, 0, 192) },
  {
    name: "jpeg",
    datatype: "BYTES",
    shape: [1],
    data: packBytes([Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0)]),
  },
];

/** That what goes in comes out, whatever its size and kind. */
export function messageCases(bed: () => Bed): void {
  const isJson = (): boolean => bed().connectOptions.encoding === "json";

  it("answers with the id, the model and equal bytes, for sizes from 0 B to 1.77 MB", async () => {
    await withPair(bed(), async ({ client }) => {
      for (const size of SIZES) {
        const request = requestOf("echo", patternBytes(size));
        const response = await infer(client, request);
        expect(response).toMatchObject({ modelName: "echo", modelVersion: "1", id: request.id });
        expect(response.outputs).toHaveLength(1);
        const output = response.outputs[0];
        expect(output).toMatchObject({ name: "input", datatype: "UINT8", shape: [size] });
        expect(Buffer.compare(output?.data ?? new Uint8Array(), patternBytes(size)), `${size} bytes`).toBe(0);
      }
    });
  });

  it("carries 32 MiB both ways", async () => {
    // As JSON this is 120 MB of text each way: it would show nothing that 1.77 MB does not.
    const size = isJson() ? 4 * 1024 * KIB : 32 * 1024 * KIB;
    await withPair(bed(), async ({ client }) => {
      const response = await infer(client, requestOf("echo", patternBytes(size)));
      expect(Buffer.compare(response.outputs[0]?.data ?? new Uint8Array(), patternBytes(size))).toBe(0);
    });
  });

  it("carries several tensors of every datatype", async () => {
    const { carriesUnequalBatches = true } = bed().subject;
    const carried = TENSORS.filter(({ shape }) => carriesUnequalBatches || shape[0] === 2);
    const inputs = isJson() ? carried : [...carried, ...RAW_TENSORS];
    await withPair(bed(), async ({ client }) => {
      const response = await infer(client, { modelName: "echo", id: "many", inputs });
      const plain = (tensors: readonly Tensor[]): unknown[] =>
        tensors.map(({ name, datatype, shape, data }) => ({
          name,
          datatype,
          shape: [...shape],
          data: Buffer.from(data).toString("hex"),
        }));
      expect(plain(response.outputs)).toEqual(plain(inputs));
    });
  });

  it("carries parameters with their types", async () => {
    const parameters = {
      yes: true,
      no: false,
      zero: 0,
      integer: 123_456_789_012,
      negative: -42,
      double: 0.1,
      text: "grüße 100 %",
      empty: "",
    };
    await withPair(bed(), async ({ client }) => {
      const response = await infer(client, requestOf("echo", Uint8Array.of(1), parameters));
      expect(response.parameters).toMatchObject(parameters);
    });
  });

  it("leaves the request's bytes as they were", async () => {
    await withPair(bed(), async ({ client }) => {
      const data = patternBytes(100_000);
      const request = requestOf("echo", data);
      await infer(client, request);
      expect(data.byteLength).toBe(100_000);
      expect(Buffer.compare(data, patternBytes(100_000))).toBe(0);
    });
  });

  it("gives each of 64 overlapping requests its own answer", async () => {
    await withPair(bed(), async ({ client }) => {
      await Promise.all(
        Array.from({ length: 64 }, async (_, index) => {
          const delays = index % 2 === 0;
          const request = delays
            ? delayRequest((index * 7) % 23)
            : requestOf("echo", patternBytes(index * 1000), { index });
          const response = await infer(client, request);
          expect(response.id).toBe(request.id);
          if (delays) return;
          expect(response.parameters?.["index"]).toBe(index);
          expect(response.outputs[0]?.data.byteLength).toBe(index * 1000);
        }),
      );
    });
  });

  it("writes marks and byte counts, ordered with the server's", async () => {
    await withPair(bed(), async ({ client }) => {
      // The first request of a connection may wait for its set-up.
      await infer(client, requestOf("echo", Uint8Array.of(1)));
      const marks = createMarks();
      const response = await infer(client, requestOf("echo", patternBytes(10_000)), { marks });
      const timing = readServerTiming(response.parameters);
      expect(timing).toBeDefined();
      if (timing === undefined) return;
      expect(timing.clockId).toBe(clockId());
      expect(marks.sentNs).toBeGreaterThan(0);
      expect(timing.inNs).toBeGreaterThanOrEqual(marks.sentNs);
      expect(timing.outNs).toBeGreaterThanOrEqual(timing.inNs);
      expect(marks.receivedNs).toBeGreaterThanOrEqual(timing.outNs);
      expect(timing.decodeNs).toBeGreaterThanOrEqual(0);
      expect(timing.encodeNs).toBeGreaterThanOrEqual(0);
      expect(timing.inferNs).toBeGreaterThanOrEqual(0);
      const inside = timing.decodeNs + (timing.queueNs ?? 0) + (timing.inferNs ?? 0) + timing.encodeNs;
      expect(inside).toBeLessThanOrEqual(timing.outNs - timing.inNs);
      expect(marks.requestPayloadBytes).toBeGreaterThanOrEqual(10_000);
      expect(marks.responsePayloadBytes).toBeGreaterThanOrEqual(10_000);
    });
  });

  it("tells about the server and its models", async () => {
    await withPair(bed(), async ({ client, core }) => {
      const server = await client.serverMetadata();
      if (bed().subject.serverIsNameless !== true) expect(server).toMatchObject(core.serverMetadata());
      expect(await client.modelMetadata("echo")).toEqual(core.modelMetadata("echo"));
      expect(await client.modelMetadata("echo", "1")).toEqual(core.modelMetadata("echo"));
    });
  });
}
