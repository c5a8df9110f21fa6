import { expect, it } from "vitest";
import { TransportError } from "../../dist/core/errors.js";
import {
  type Bed,
  delayRequest,
  endlessRequest,
  infer,
  requestOf,
  startProcess,
  until,
  withPair,
} from "./conformance-bed.ts";
import { createFakeCore } from "./fake-core.ts";

/** That both ends can be closed, gently or at once, twice, and leave nothing behind. */
export function lifecycleCases(bed: () => Bed): void {
  it("close of the client waits for what is in flight and refuses the rest with CANCELLED", async () => {
    await withPair(bed(), async ({ client, core }) => {
      const request = delayRequest(200);
      const answer = infer(client, request);
      await until(() => core.seen.includes(request.id));
      const closed = client.close();
      await expect(infer(client, requestOf("echo", Uint8Array.of(1)))).rejects.toMatchObject({
        status: "CANCELLED",
      });
      let answered = false;
      answer.then(
        () => {
          answered = true;
        },
        () => undefined,
      );
      await closed;
      expect(answered).toBe(true);
      expect((await answer).id).toBe(request.id);
      await client.close();
      await client.destroy();
    });
  });

  it("destroy of the client fails what is in flight with CANCELLED, at once", async () => {
    await withPair(bed(), async ({ client, core }) => {
      // HTTP/1.1 has one request at a time on a connection: the second one may wait in the client.
      const [first, second] = [endlessRequest(bed()), endlessRequest(bed())];
      const answers = [first, second].map((request) => infer(client, request));
      for (const answer of answers) answer.catch(() => undefined);
      await until(() => core.seen.includes(first.id));
      const startMs = performance.now();
      await client.destroy();
      for (const answer of answers) await expect(answer).rejects.toMatchObject({ status: "CANCELLED" });
      expect(performance.now() - startMs).toBeLessThan(1000);
      await expect(infer(client, delayRequest(0))).rejects.toMatchObject({ status: "CANCELLED" });
      await client.destroy();
      await client.close();
      if (bed().subject.cancelReachesServer) {
        await until(() => core.aborted.includes(first.id));
      }
    });
  });

  it("close of the server lets requests in flight finish, twice is once, and then nobody answers", async () => {
    await withPair(bed(), async ({ client, core, server }) => {
      const request = delayRequest(200);
      const answer = infer(client, request);
      await until(() => core.seen.includes(request.id));
      const closed = Promise.all([server.close(), server.close()]);
      expect((await answer).id).toBe(request.id);
      await closed;
      await expect(infer(client, delayRequest(0), { deadlineMs: 5000 })).rejects.toMatchObject({
        status: "UNAVAILABLE",
      });
    });
  });

  it("a request aborted in the same turn leaves nothing that the server would wait for", async () => {
    await withPair(bed(), async ({ client, server }) => {
      const controller = new AbortController();
      const answer = infer(client, endlessRequest(bed()), { signal: controller.signal });
      answer.catch(() => undefined);
      controller.abort(new TransportError("CANCELLED", "no longer wanted"));
      await expect(answer).rejects.toMatchObject({ status: "CANCELLED" });
      await client.close();
      if (!bed().subject.cancelReachesServer) return;
      const startMs = performance.now();
      await server.close();
      expect(performance.now() - startMs).toBeLessThan(2000);
    });
  });

  it("two clients of one server do not disturb each other", async () => {
    const { transport, connectOptions } = bed();
    await withPair(bed(), async ({ client, server }) => {
      const other = await transport.connect(server.endpoint, connectOptions);
      const answer = infer(client, delayRequest(100));
      await other.destroy();
      await expect(answer).resolves.toBeDefined();
    });
  });

  it("the server tells where it listens and what a report should say", async () => {
    const { transport, serveOptions } = bed();
    const server = await transport.serve(createFakeCore(), serveOptions);
    expect(server.endpoint).toMatch(/^(local:\d+|[a-z][a-z0-9+-]*:\/\/[\w.[\]:-]+:\d+)$/);
    for (const note of server.notes) expect(note).toMatch(/\S/);
    await server.close();
  });

  it("a port in use is UNAVAILABLE, on one line", async () => {
    const { transport, serveOptions } = bed();
    const server = await transport.serve(createFakeCore(), serveOptions);
    try {
      const { hostname, port, protocol } = new URL(server.endpoint);
      // Only what listens itself can find its port taken.
      if (!/grpc|http/.test(protocol)) return;
      await expect(
        transport.serve(createFakeCore(), { ...serveOptions, port: Number(port) }),
      ).rejects.toMatchObject({
        status: "UNAVAILABLE",
        message: `cannot listen on ${hostname}:${port}: address already in use`,
      });
    } finally {
      await server.close();
    }
  });

  it("leaves no open handle: a process that closed both ends exits by itself", async () => {
    const child = await startProcess("roundtrip", bed());
    try {
      expect(child.firstLine).toBe("closed");
      const late = new Promise<string>((resolve) => setTimeout(resolve, 5000, "still running").unref());
      expect(await Promise.race([child.exited, late])).toBe(0);
    } finally {
      child.kill();
    }
  });
}
