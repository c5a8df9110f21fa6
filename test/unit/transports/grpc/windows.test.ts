import { EventEmitter } from "node:events";
import { createServer } from "node:http2";
import { Server } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { widenServerWindows } from "../../../../src/transports/grpc/windows.ts";

/** A grpc-js server whose private map is what a test says. */
function serverWith(http2Servers: unknown): Server {
  const server = new Server();
  Reflect.set(server, "http2Servers", http2Servers);
  return server;
}

describe("widenServerWindows", () => {
  it("sets the window of streams and, as they come, of connections", () => {
    const settings: unknown[] = [];
    const http2Server = Object.assign(new EventEmitter(), {
      updateSettings: (value: unknown) => settings.push(value),
    });
    expect(widenServerWindows(serverWith(new Map([[http2Server, {}]])), 1234)).toBe(true);
    expect(settings).toEqual([{ initialWindowSize: 1234 }]);
    const windows: number[] = [];
    http2Server.emit("session", { setLocalWindowSize: (bytes: number) => windows.push(bytes) });
    expect(windows).toEqual([1234]);
  });

  it("is false where the private map is not as expected", () => {
    expect(widenServerWindows(serverWith(undefined), 1)).toBe(false);
    expect(widenServerWindows(serverWith(new Map()), 1)).toBe(false);
    expect(widenServerWindows(serverWith(new Map([[{ on: () => undefined }, {}]])), 1)).toBe(false);
  });

  it("Node's http2 servers are as expected", () => {
    const http2Server = createServer();
    expect(widenServerWindows(serverWith(new Map([[http2Server, {}]])), 1 << 20)).toBe(true);
    http2Server.close();
  });

  it("grpc-js still has the map", () => {
    expect(Reflect.get(new Server(), "http2Servers")).toBeInstanceOf(Map);
  });
});
