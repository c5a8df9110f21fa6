import { isIP } from "node:net";
import { describe, expect, it } from "vitest";
import { listenAddress } from "../../../../src/transports/http/listen-address.ts";

describe("listenAddress", () => {
  it("is one address for localhost, and what it was given for anything else", async () => {
    expect(isIP(await listenAddress("localhost"))).not.toBe(0);
    for (const host of ["127.0.0.1", "::1", "0.0.0.0", "vehicle.example"]) {
      expect(await listenAddress(host)).toBe(host);
    }
  });
});
