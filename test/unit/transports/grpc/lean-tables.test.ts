import { Client, credentials, Server, ServerCredentials, type ServerUnaryCall } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { useLeanTables } from "../../../../src/transports/grpc/lean-tables.ts";

const asIs = (bytes: Buffer): Buffer => bytes;

describe("useLeanTables", () => {
  test("grpc-js still has both tables, and calls go on with the others", async () => {
    const server = new Server();
    const method = {
      path: "/test.Echo/Say",
      requestStream: false,
      responseStream: false,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    };
    server.addService(
      { Say: method },
      {
        Say: (call: ServerUnaryCall<Buffer, Buffer>, answer: (error: null, value: Buffer) => void) =>
          answer(null, call.request),
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const say = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(method.path, asIs, asIs, Buffer.from(text), (error, value) =>
          error === null ? resolve(String(value)) : reject(error),
        );
      });
    expect(useLeanTables(client), "only the channel has one before it is connected").toBe(1);
    await new Promise<void>((resolve, reject) => {
      client.waitForReady(Date.now() + 10_000, (error) => (error === undefined ? resolve() : reject(error)));
    });
    expect(useLeanTables(client)).toBe(1);
    expect(useLeanTables(client), "nothing is replaced twice").toBe(0);
    expect(await Promise.all(["a", "b", "c"].map(say))).toEqual(["a", "b", "c"]);
    client.close();
    server.forceShutdown();
  });

  test("a client without them is left as it is", () => {
    const client = new Client("127.0.0.1:1", credentials.createInsecure());
    Reflect.set(client.getChannel(), "internalChannel", undefined);
    expect(useLeanTables(client)).toBe(0);
  });
});
