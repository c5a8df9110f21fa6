import { describe, expect, it } from "vitest";
import { parseSockets } from "../../../../src/scenarios/network/kernel-sockets.ts";
import { describeConnections } from "../../../../src/scenarios/network/network-facts.ts";

/** As `ss -tinpHO` (iproute2 6.1) prints them; the second has sent something twice. */
const LINES = `0      0      127.0.0.1:52416 127.0.0.1:35133 users:(("node",pid=29189,fd=20)) bbr wscale:10,10 rto:204 rtt:0.072/0.077 ato:40 mss:47616 pmtu:65535 rcvmss:34464 advmss:65483 cwnd:13 bytes_sent:100000 bytes_acked:100001 bytes_received:4000 segs_out:7 segs_in:6 data_segs_out:3 data_segs_in:3 bbr:(bw:7054218016bps,mrtt:0.039) send 68778666667bps rcv_space:65495 minrtt:0.039 snd_wnd:95232
ESTAB 0 0 [::1]:52418 [::1]:35133 users:(("MainThread",pid=7,fd=3),("node",pid=8,fd=3)) cubic wscale:7,7 rto:201 mss:1448 cwnd:10 bytes_sent:5000 bytes_retrans:1448 bytes_acked:3552 bytes_received:10 segs_out:9 segs_in:8 snd_wnd:65536

nothing that it knows
`;

describe("parseSockets", () => {
  it("reads what the kernel says of each connection", () => {
    expect(parseSockets(LINES)).toEqual([
      {
        pids: [29189],
        localPort: 52416,
        remotePort: 35133,
        congestionControl: "bbr",
        mssBytes: 47616,
        congestionWindowSegments: 13,
        sendWindowBytes: 95232,
        sentBytes: 100000,
        resentBytes: 0,
        receivedBytes: 4000,
        segmentsOut: 7,
        segmentsIn: 6,
      },
      {
        pids: [7, 8],
        localPort: 52418,
        remotePort: 35133,
        congestionControl: "cubic",
        mssBytes: 1448,
        congestionWindowSegments: 10,
        sendWindowBytes: 65536,
        sentBytes: 5000,
        resentBytes: 1448,
        receivedBytes: 10,
        segmentsOut: 9,
        segmentsIn: 8,
      },
    ]);
  });

  it("reads a connection that has sent nothing yet", () => {
    const [socket] = parseSockets('0 0 127.0.0.1:1 127.0.0.1:2 users:(("n",pid=1,fd=2)) cubic cwnd:10');
    expect(socket).toMatchObject({ sentBytes: 0, receivedBytes: 0, congestionWindowSegments: 10 });
  });
});

describe("describeConnections", () => {
  it("is one line, and none where the kernel tells nothing", () => {
    expect(describeConnections(parseSockets(LINES))).toBe(
      "kernel: 2 TCP connections of the generator, bbr, cubic, segments of 1448 to 47616 bytes, congestion window " +
        "10 to 13 segments, the server's window 65536 to 95232 bytes, sent again 1448 bytes",
    );
    expect(describeConnections([])).toBeUndefined();
  });
});
