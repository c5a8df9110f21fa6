import { AsyncResource, executionAsyncId } from "node:async_hooks";
import { once } from "node:events";
import { connect, createServer, type Http2Server } from "node:http2";
import { text } from "node:stream/consumers";
import { describe, expect, test, vi } from "vitest";
import { InFlightMap, InFlightSet } from "../../../src/core/in-flight.ts";
import "../../../src/scenarios/lean-http2.ts";

describe("AsyncResource.bind of tuned processes", () => {
  const resource = new AsyncResource("test");

  test("runs in the scope of its resource, with the caller's this and arguments", () => {
    const bound = resource.bind(function (this: unknown, ...args: unknown[]) {
      return { self: this, args, scope: executionAsyncId() };
    });
    const self = { name: "self" };
    expect(Reflect.apply(bound, self, [1, "two"])).toEqual({
      self,
      args: [1, "two"],
      scope: resource.asyncId(),
    });
  });

  test("has the length of its function and no deprecated property", () => {
    const bound = resource.bind((first: number, second: number) => first + second);
    expect(bound).toHaveLength(2);
    expect("asyncResource" in bound).toBe(false);
    expect(bound(1, 2)).toBe(3);
  });

  test("throws what its function throws", () => {
    const bound = resource.bind(() => {
      throw new RangeError("mine");
    });
    expect(bound).toThrow(new RangeError("mine"));
  });
});

describe("HTTP/2 of tuned processes", () => {
  test("keeps its streams in tables that leave nothing, and answers, cancels and closes as ever", async () => {
    const server = createServer();
    const tables: unknown[] = [];
    server.on("session", (session) => tables.push(...tablesOf(session)));
    server.on("stream", (stream, headers) => {
      if (headers[":path"] === "/never") return;
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ last: "word" }));
      stream.end("answer");
    });
    const session = connect(await origin(server));
    tables.push(...tablesOf(session));
    const never = session.request({ ":path": "/never" });
    const answers = [1, 2, 3].map(async () => {
      const stream = session.request({ ":path": "/" });
      const trailers = once(stream, "trailers");
      return [await text(stream), (await trailers)[0].last];
    });
    expect(await Promise.all(answers)).toEqual(Array(3).fill(["answer", "word"]));
    const closed = once(never, "close");
    session.destroy();
    await closed;
    expect(never.destroyed).toBe(true);
    await new Promise((resolve) => server.close(resolve));
    const types = [InFlightMap, InFlightSet, InFlightMap, InFlightSet];
    expect(tables).toEqual(types.map((type) => expect.any(type)));
    await vi.waitFor(() =>
      expect(tables.map((table) => (table as InFlightSet<unknown>).size)).toEqual([0, 0, 0, 0]),
    );
  });

  test("the options of respond are taken as they are", async () => {
    const server = createServer();
    server.on("stream", (stream) => stream.respond({ ":status": 204 }, { endStream: true }));
    const session = connect(await origin(server));
    expect(await text(session.request({ ":path": "/" }))).toBe("");
    session.close();
    await new Promise((resolve) => server.close(resolve));
  });
});

async function origin(server: Http2Server): Promise<string> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens on a port");
  return `http://127.0.0.1:${address.port}`;
}

/** The tables of a session's streams: those open, and those that wait for a connection. */
function tablesOf(session: object): unknown[] {
  const symbol = Object.getOwnPropertySymbols(session).find(({ description }) => description === "state");
  const { streams, pendingStreams } = Reflect.get(session, symbol ?? "");
  return [streams, pendingStreams];
}
