import { expect, it } from "vitest";
import { TransportError } from "../../dist/core/errors.js";
import { createMarks } from "../../dist/core/transport.js";
import {
  type Bed,
  delayRequest,
  endlessRequest,
  infer,
  patternBytes,
  requestOf,
  startProcess,
  until,
  withPair,
} from "./conformance-bed.ts";

const LIMIT_BYTES = 100_000;
const failure = (status: string, message?: string): object =>
  expect.objectContaining({
    name: "TransportError",
    status,
    ...(message === undefined ? {} : { message }),
  }) as object;

/** That every failure is the one `TransportError` it should be, and costs nobody else anything. */
export function failureCases(bed: () => Bed): void {
  it.each([
    ["INVALID_ARGUMENT", "expected 3 tensors, got 2"],
    ["FAILED_PRECONDITION", 'wörks in 100 % of "cases"; #1 + %41'],
    ["RESOURCE_EXHAUSTED", "the queue of 'm' is full (64)"],
    ["DEADLINE_EXCEEDED", "the request waited 5 ms in the queue"],
    ["UNAVAILABLE", "the server is closing"],
    ["INTERNAL", "ONNX Runtime said no"],
    ["CANCELLED", "the run was cancelled"],
    ["NOT_FOUND", "no such thing"],
    ["UNIMPLEMENTED", "not yet"],
    ["UNKNOWN", "who knows"],
  ])("keeps the core's %s and its message", async (status, message) => {
    await withPair(bed(), async ({ client }) => {
      const request = requestOf("fail", Uint8Array.of(1), { status, message });
      await expect(infer(client, request)).rejects.toEqual(failure(status, message));
    });
  });

  it("an unknown model or version is NOT_FOUND, for infer and for metadata", async () => {
    await withPair(bed(), async ({ client }) => {
      const { notFound } = bed().subject;
      await expect(infer(client, requestOf("nobody", Uint8Array.of(1)))).rejects.toEqual(
        failure("NOT_FOUND", notFound?.("nobody") ?? "unknown model 'nobody'"),
      );
      const request = { ...requestOf("echo", Uint8Array.of(1)), modelVersion: "7" };
      await expect(infer(client, request)).rejects.toEqual(
        failure("NOT_FOUND", notFound?.("echo", "7") ?? "model 'echo' has no version '7'"),
      );
      await expect(client.modelMetadata("nobody")).rejects.toEqual(failure("NOT_FOUND"));
    });
  });

  it("an overrun deadline is DEADLINE_EXCEEDED, in time, and the connection stays usable", async () => {
    await withPair(bed(), async ({ client }) => {
      const startMs = performance.now();
      const marks = createMarks();
      await expect(infer(client, endlessRequest(bed()), { deadlineMs: 100, marks })).rejects.toEqual(
        failure("DEADLINE_EXCEEDED"),
      );
      expect(performance.now() - startMs).toBeGreaterThan(90);
      expect(performance.now() - startMs).toBeLessThan(1500);
      expect(marks.sentNs).toBeGreaterThan(0);
      expect(marks.receivedNs).toBe(0);
      const request = requestOf("echo", Uint8Array.of(1));
      expect((await infer(client, request)).id).toBe(request.id);
    });
  });

  it("an aborted request rejects with the signal's reason, and the connection stays usable", async () => {
    await withPair(bed(), async ({ client, core }) => {
      const controller = new AbortController();
      const reason = new TransportError("CANCELLED", "no longer wanted");
      const request = endlessRequest(bed());
      const answer = infer(client, request, { signal: controller.signal });
      answer.catch(() => undefined);
      await until(() => core.seen.includes(request.id));
      controller.abort(reason);
      await expect(answer).rejects.toBe(reason);
      if (bed().subject.cancelReachesServer) await until(() => core.aborted.includes(request.id));
      const next = requestOf("echo", Uint8Array.of(1));
      expect((await infer(client, next)).id).toBe(next.id);
    });
  });

  it("a request aborted while its bytes are under way harms no other", async () => {
    await withPair(bed(), async ({ client }) => {
      for (const waitMs of [0, 1, 5]) {
        const controller = new AbortController();
        const reason = new TransportError("CANCELLED", "no longer wanted");
        const answer = infer(
          client,
          requestOf("delay", patternBytes(8_000_000), { wirebench_delay_us: 500_000 }),
          {
            signal: controller.signal,
          },
        );
        answer.catch(() => undefined);
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        controller.abort(reason);
        await expect(answer).rejects.toBe(reason);
        const next = requestOf("echo", patternBytes(10_000));
        const response = await infer(client, next);
        expect(response.id).toBe(next.id);
        expect(Buffer.compare(response.outputs[0]?.data ?? new Uint8Array(), patternBytes(10_000))).toBe(0);
      }
    });
  });

  it("a signal that is aborted already sends nothing", async () => {
    await withPair(bed(), async ({ client, core }) => {
      const reason = new TransportError("DEADLINE_EXCEEDED", "too late");
      const marks = createMarks();
      const request = requestOf("echo", Uint8Array.of(1));
      await expect(infer(client, request, { signal: AbortSignal.abort(reason), marks })).rejects.toBe(reason);
      expect(marks.sentNs).toBe(0);
      await infer(client, requestOf("echo", Uint8Array.of(1)));
      expect(core.seen).not.toContain(request.id);
    });
  });

  it("a request over the client's limit is RESOURCE_EXHAUSTED before it is sent", async () => {
    const connect = { maxPayloadBytes: LIMIT_BYTES };
    await withPair(
      bed(),
      async ({ client, core }) => {
        const marks = createMarks();
        const request = requestOf("echo", patternBytes(LIMIT_BYTES + 1));
        await expect(infer(client, request, { marks })).rejects.toEqual(failure("RESOURCE_EXHAUSTED"));
        expect(marks.sentNs).toBe(0);
        await infer(client, requestOf("echo", Uint8Array.of(1)));
        expect(core.seen).not.toContain(request.id);
      },
      { connect },
    );
  });

  it("a request over the server's limit is RESOURCE_EXHAUSTED, and the server stays usable", async () => {
    const serve = { maxPayloadBytes: LIMIT_BYTES };
    await withPair(
      bed(),
      async ({ client, core }) => {
        for (const size of [LIMIT_BYTES + 1, 3_000_000]) {
          const request = requestOf("echo", patternBytes(size));
          await expect(infer(client, request), `${size} bytes`).rejects.toEqual(
            failure("RESOURCE_EXHAUSTED"),
          );
          expect(core.seen).not.toContain(request.id);
        }
        const request = requestOf("echo", patternBytes(1000));
        expect((await infer(client, request)).id).toBe(request.id);
      },
      { serve },
    );
  });

  it.each([
    ["the server's", { serve: { maxPayloadBytes: LIMIT_BYTES } }],
    ["the client's", { connect: { maxPayloadBytes: LIMIT_BYTES } }],
  ])("an answer over %s limit is RESOURCE_EXHAUSTED, and the next one comes", async (_whose, options) => {
    await withPair(
      bed(),
      async ({ client }) => {
        const request = requestOf("grow", Uint8Array.of(1), { bytes: LIMIT_BYTES + 1 });
        await expect(infer(client, request)).rejects.toEqual(failure("RESOURCE_EXHAUSTED"));
        const next = requestOf("echo", Uint8Array.of(1));
        expect((await infer(client, next)).id).toBe(next.id);
      },
      options,
    );
  });

  it("a killed server is UNAVAILABLE, for what is in flight and for what comes", async () => {
    if (bed().subject.inProcess === true) return;
    const { transport, connectOptions } = bed();
    const child = await startProcess("server", bed());
    const client = await transport.connect(child.firstLine, connectOptions);
    try {
      await infer(client, delayRequest(0));
      const inFlight = [delayRequest(10_000), delayRequest(10_000)].map((request) => infer(client, request));
      for (const answer of inFlight) answer.catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 100));
      child.kill();
      await child.exited;
      for (const answer of inFlight) await expect(answer).rejects.toEqual(failure("UNAVAILABLE"));
      await expect(infer(client, delayRequest(0))).rejects.toEqual(failure("UNAVAILABLE"));
    } finally {
      child.kill();
      await client.destroy();
    }
  });

  it("an endpoint where nobody answers is UNAVAILABLE, within the time to connect", async () => {
    const { transport, serveOptions, connectOptions } = bed();
    const { createFakeCore } = await import("./fake-core.ts");
    const server = await transport.serve(createFakeCore(), serveOptions);
    await server.close();
    const startMs = performance.now();
    await expect(
      transport.connect(server.endpoint, { ...connectOptions, connectTimeoutMs: 500 }),
    ).rejects.toEqual(failure("UNAVAILABLE"));
    expect(performance.now() - startMs).toBeLessThan(2000);
  });

  it("every message is one plain line", async () => {
    const { transport, serveOptions, connectOptions } = bed();
    const { createFakeCore } = await import("./fake-core.ts");
    const server = await transport.serve(createFakeCore(), serveOptions);
    await server.close();
    const error = await transport
      .connect(server.endpoint, { ...connectOptions, connectTimeoutMs: 300 })
      .catch((reason: unknown) => reason);
    expect(String(error)).not.toMatch(/\n|^\d+ [A-Z_]+:/);
  });
}
