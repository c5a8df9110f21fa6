import { describe, expect, it } from "vitest";
import { addressOf, hostPort, listenError, reachableHost } from "../../../../src/transports/grpc/address.ts";

describe("addresses", () => {
  it.each([
    ["grpc://127.0.0.1:8001", "127.0.0.1:8001"],
    ["grpc://triton.example", "triton.example:8001"],
    ["grpc://[::1]:9", "[::1]:9"],
    ["grpc+stream://127.0.0.1:8001", "127.0.0.1:8001"],
    ["grpc+stream://triton.example", "triton.example:8001"],
  ])("%s is %s", (endpoint, address) => {
    expect(addressOf(endpoint)).toBe(address);
  });

  it.each(["http://127.0.0.1:8001", "127.0.0.1:8001", "grpc://", "", "grpc://h:99999"])(
    "'%s' is refused",
    (endpoint) => {
      expect(() => addressOf(endpoint)).toThrow(expect.objectContaining({ status: "INVALID_ARGUMENT" }));
    },
  );

  it("puts an IPv6 address into brackets, once", () => {
    expect(hostPort("::1", 1)).toBe("[::1]:1");
    expect(hostPort("[::1]", 1)).toBe("[::1]:1");
    expect(hostPort("localhost", 0)).toBe("localhost:0");
  });

  it.each([
    ["0.0.0.0", "127.0.0.1"],
    ["::", "::1"],
    ["[::]", "::1"],
    ["example.com", "example.com"],
  ])("what listens on %s is reached at %s", (host, reachable) => {
    expect(reachableHost(host)).toBe(reachable);
  });
});

describe("listenError", () => {
  it.each([
    ["errors: [listen EADDRINUSE: address already in use 127.0.0.1:1]", "address already in use"],
    ["errors: [listen EACCES: permission denied 127.0.0.1:1]", "permission denied"],
    ["errors: [listen EADDRNOTAVAIL: address not available 1.2.3.4:1]", "no such address on this machine"],
    ["something\n else", "something else"],
  ])("'%s' is '%s'", (text, why) => {
    expect(listenError("h:1", new Error(text))).toMatchObject({
      status: "UNAVAILABLE",
      message: `cannot listen on h:1: ${why}`,
    });
  });
});
