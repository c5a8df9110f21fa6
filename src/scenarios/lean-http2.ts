import { AsyncResource } from "node:async_hooks";
import http2 from "node:http2";
import { syncBuiltinESMExports } from "node:module";
import { isMap, isSet } from "node:util/types";
import { InFlightMap, InFlightSet } from "../core/in-flight.ts";

/*
 * Imported into every tuned process before all else (`--import`): Node 20's HTTP/2 leaves 16 KB of each gRPC call at the client
 * and 0.8 KB at the server until the old generation is swept, in one pause for all calls since the last; with this, and the
 * client's own tables, 0.4 KB each, the texts of its headers. What a version of Node does in another way stays as it is.
 */

// Node 20's client binds each request to a resource, and what `bind` returns has a deprecated property, `asyncResource`, whose
// accessors are given their prototypes after they were made. Objects made so have hidden classes of their own, which keep the
// request and all that it holds. The same without that property:
// https://nodejs.org/docs/latest-v20.x/api/deprecations.html#dep0172-the-asyncresource-property-of-asyncresource-bound-functions
if ("asyncResource" in new AsyncResource("probe").bind(() => undefined)) {
  AsyncResource.prototype.bind = leanBind;
}

const { connect, createServer } = http2;
Object.assign(http2, {
  connect: (...args: Parameters<typeof connect>) => {
    const session = connect(...args);
    useLeanTables(session);
    return session;
  },
  createServer: (...args: Parameters<typeof createServer>) => {
    const server = createServer(...args);
    server.on("session", useLeanTables);
    server.prependListener("stream", useLeanRespond);
    return server;
  },
});
syncBuiltinESMExports();

function leanBind<F extends (...args: never[]) => unknown>(this: AsyncResource, fn: F, thisArg?: unknown): F {
  const resource = this;
  const bound = function (this: unknown, ...args: unknown[]): unknown {
    return Reflect.apply(resource.runInAsyncScope, resource, [
      fn,
      thisArg === undefined ? this : thisArg,
      ...args,
    ]);
  };
  return Object.defineProperty(bound, "length", { configurable: true, value: fn.length }) as unknown as F;
}

/** A session keeps its streams in a `Map` and those that wait for a connection in a `Set`: see {@link InFlightMap}. */
function useLeanTables(session: object): void {
  const symbol = Object.getOwnPropertySymbols(session).find(({ description }) => description === "state");
  const state: unknown = symbol === undefined ? undefined : Reflect.get(session, symbol);
  if (typeof state !== "object" || state === null || !("streams" in state && "pendingStreams" in state))
    return;
  const { streams, pendingStreams } = state;
  // Both are of classes of their own without the usual prototypes.
  if (!(isMap(streams) && streams.size === 0 && isSet(pendingStreams) && pendingStreams.size === 0)) return;
  state.streams = new InFlightMap();
  state.pendingStreams = new InFlightSet();
}

const leanPrototypes = new WeakSet<object>();

/** `respond` copies its options and adds one that they lack, which makes a hidden class for each copy: now they have it. */
function useLeanRespond(stream: http2.ServerHttp2Stream): void {
  const prototype: http2.ServerHttp2Stream = Object.getPrototypeOf(stream);
  if (leanPrototypes.has(prototype)) return;
  leanPrototypes.add(prototype);
  const { respond } = prototype;
  prototype.respond = function (headers, options) {
    Reflect.apply(respond, this, [headers, { endStream: false, ...options }]);
  };
}
