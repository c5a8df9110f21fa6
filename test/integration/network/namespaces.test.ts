import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createNamespaces, joining, type Namespaces } from "../../../dist/scenarios/network/namespaces.js";

const BYTES = 1_000_000;
/** Ethernet, IP and TCP with timestamps take 66 bytes of every 1,514. */
const DATA_FRAMES = Math.ceil(BYTES / 1_448);

const SERVER = `
const server = require("node:net").createServer((socket) => {
  let left = ${BYTES};
  socket.on("data", (chunk) => (left -= chunk.length) === 0 && socket.end("done"));
}).listen(0, process.argv[1], () => console.log(server.address().port));`;
const CLIENT = `
const socket = require("node:net").connect(Number(process.argv[2]), process.argv[1]);
socket.write(Buffer.alloc(${BYTES}));
socket.on("data", () => {}).on("end", () => process.exit());`;

async function available(): Promise<Namespaces | undefined> {
  try {
    return await createNamespaces();
  } catch (error) {
    console.warn(`skipped: ${String(error)}`);
    return undefined;
  }
}

/** Segments that a node's TCP has sent once more, on a busy machine even without a loss (RFC 2012 tcpRetransSegs). */
function retransmitted({ pid }: { readonly pid: number }): number {
  const [names = "", values = ""] = readFileSync(`/proc/${pid}/net/snmp`, "utf8").match(/^Tcp:.*$/gm) ?? [];
  return Number(values.split(" ")[names.split(" ").indexOf("RetransSegs")]);
}

function start(node: { readonly pid: number }, script: string, args: readonly string[]) {
  return spawn("nsenter", [...joining(node.pid), process.execPath, "-e", script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

describe("network namespaces", () => {
  it("count every frame of a transfer, each direction and each cable by itself", async ({ skip }) => {
    const namespaces = await available();
    if (namespaces === undefined) return skip();
    const { client, server } = namespaces.nodes;
    const listening = start(server, SERVER, [server.address]);
    try {
      const [port] = (await once(listening.stdout, "data")) as [Buffer];
      const before = namespaces.count("client", "server");
      const sending = start(client, CLIENT, [server.address, String(port).trim()]);
      expect(await once(sending, "close")).toEqual([0, null]);
      const after = namespaces.count("client", "server");
      const sent = after.requestBytes - before.requestBytes;
      const received = after.responseBytes - before.responseBytes;
      const least = BYTES + DATA_FRAMES * 66;
      expect(sent).toBeGreaterThanOrEqual(least);
      expect(sent).toBeLessThan(least * 1.02 + retransmitted(client) * 1_514);
      expect(received).toBeGreaterThan(66 * 3);
      expect(received).toBeLessThan(DATA_FRAMES * 66 * 1.1);
      expect(namespaces.count("client", "middle")).toEqual({ requestBytes: 0, responseBytes: 0 });
      expect(namespaces.count("middle", "server")).toEqual({ requestBytes: 0, responseBytes: 0 });
    } finally {
      listening.kill("SIGKILL");
      await namespaces.close();
    }
    await namespaces.close();
    expect(() => namespaces.count("client", "server")).toThrow();
  });

  it("are one line of an error where they cannot be had", async () => {
    const path = process.env["PATH"];
    process.env["PATH"] = "/nowhere";
    try {
      await expect(createNamespaces()).rejects.toMatchObject({
        code: "ERR_PROCESS",
        message: expect.stringMatching(/^no network namespace: [^\n]+$/),
      });
    } finally {
      process.env["PATH"] = path;
    }
  });
});
