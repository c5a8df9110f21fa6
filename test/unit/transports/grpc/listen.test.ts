import { expect, it } from "vitest";
import { serverOptions } from "../../../../src/transports/grpc/listen.ts";

it("a gRPC server takes messages up to the limit, and as many calls a connection as HTTP/2 takes requests", () => {
  expect(serverOptions(1_000)).toEqual({
    "grpc.max_receive_message_length": 1_000,
    "grpc.max_send_message_length": 1_000,
    "grpc.max_concurrent_streams": 1_024,
  });
});
