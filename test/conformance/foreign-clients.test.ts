import { afterEach, describe, expect, it } from "vitest";
import type { InferRequest } from "../../dist/core/inference.js";
import {
  createMarks,
  DEFAULT_MAX_PAYLOAD_BYTES,
  type Encoding,
  type Transport,
} from "../../dist/core/transport.js";
import { createGrpcTransport } from "../../dist/transports/grpc/index.js";
import { createHttpTransport } from "../../dist/transports/http/index.js";
import { type ForeignServer, type Manner, startForeignServer } from "./foreign-server.ts";

const REQUEST: InferRequest = {
  modelName: "double",
  id: "7",
  inputs: [
    {
      name: "x",
      datatype: "FP32",
      shape: [1, 4],
      data: new Uint8Array(Float32Array.of(1, -2, 0.5, 4).buffer),
    },
  ],
};
const LIMITS = { maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES, tuning: "tuned" } as const;

const WAYS: readonly [string, Transport, "http" | "grpc", Encoding, Manner][] = [
  ["http, binary, of Triton", createHttpTransport(), "http", "binary", "triton"],
  ["http, JSON, of Triton", createHttpTransport(), "http", "json", "triton"],
  ["http, JSON, of MLServer", createHttpTransport(), "http", "json", "mlserver"],
  ["grpc of Triton", createGrpcTransport(), "grpc", "binary", "triton"],
  ["grpc of MLServer", createGrpcTransport(), "grpc", "binary", "mlserver"],
  ["grpc of a server that answers typed", createGrpcTransport(), "grpc", "binary", "typed"],
];

describe("our clients", () => {
  let server: ForeignServer;
  afterEach(() => server.close());

  it.each(WAYS)(
    "over %s: metadata, readiness, an answer, statistics",
    async (_, transport, scheme, encoding, manner) => {
      server = await startForeignServer(manner);
      const client = await transport.connect(server[scheme], { ...LIMITS, encoding });
      expect(await client.serverMetadata()).toMatchObject({ name: manner });
      expect(await client.modelMetadata("double")).toMatchObject({
        inputs: [{ name: "x", datatype: "FP32", shape: [-1, 4] }],
        outputs: [{ name: "y" }],
      });
      await expect(client.modelMetadata("nobody")).rejects.toMatchObject({ status: "NOT_FOUND" });
      expect(await client.isModelReady?.("double")).toBe(true);
      expect(await client.isModelReady?.("sleeping")).toBe(false);

      const marks = createMarks();
      const answer = await client.infer(REQUEST, { marks, deadlineMs: 5_000 });
      expect(answer).toMatchObject({ modelName: "double", id: "7" });
      const [y] = answer.outputs;
      expect(y).toMatchObject({ name: "y", datatype: "FP32", shape: [1, 4] });
      expect([...new Float32Array(new Uint8Array(y?.data ?? []).buffer)]).toEqual([2, -4, 1, 8]);
      expect(marks.receivedNs).toBeGreaterThan(marks.sentNs);

      const statistics = client.statistics?.("double");
      if (manner === "triton") {
        expect(await statistics).toMatchObject([{ name: "double", queue: { count: 1, ns: 1e6 } }]);
      } else await expect(statistics).rejects.toMatchObject({ code: "ERR_TRANSPORT" });
      await client.close();
    },
  );
});
