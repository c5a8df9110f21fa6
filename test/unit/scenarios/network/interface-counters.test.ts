import { expect, it } from "vitest";
import { parseInterfaces } from "../../../../src/scenarios/network/interface-counters.ts";

it("reads received and sent bytes by the interface's name", () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    1200      12    0    0    0     0          0         0     1200      12    0    0    0     0       0          0
to-server:3000000000000       1    0    0    0     0          0         0       90       1    0    0    0     0       0          0
`;
  expect([...parseInterfaces(text)]).toEqual([
    ["lo", { receivedBytes: 1_200, sentBytes: 1_200 }],
    ["to-server", { receivedBytes: 3e12, sentBytes: 90 }],
  ]);
});
