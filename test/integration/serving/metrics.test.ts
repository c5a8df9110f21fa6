import { once } from "node:events";
import net from "node:net";
import { describe, expect, it } from "vitest";
import { childrenOf, run, start } from "../wirebench.ts";

/** The number behind a series in the text format; 0 when it is not there. */
function counted(text: string, series: string): number {
  const line = text.split("\n").find((each) => each.startsWith(`${series} `));
  return line === undefined ? 0 : Number(line.slice(series.length));
}

async function freePort(): Promise<number> {
  const held = net.createServer().listen(0, "127.0.0.1");
  await once(held, "listening");
  const { port } = held.address() as net.AddressInfo;
  held.close();
  await once(held, "close");
  return port;
}

const read = async (url: string): Promise<string> => (await fetch(url)).text();
const INFERENCES = 'nv_inference_count{model="null",version="1"}';
const REQUESTS = 'wirebench_requests_total{transport="http",status="OK"}';

describe("serve --metrics-port", () => {
  it("tells of all workers on both ports, and keeps what one that is killed had counted", async () => {
    const metricsPort = await freePort();
    const alone = `http://127.0.0.1:${metricsPort}/metrics`;
    const ports = ["--http-port", "0", "--grpc-port", "0", "--metrics-port", String(metricsPort)];
    const server = start(["serve", "--model", "null", "--workers", "2", ...ports]);
    try {
      await server.wrote("Ctrl-C ends");
      const http = /http:\/\/127\.0\.0\.1:\d+/.exec(server.stdout())?.[0] ?? "";
      const body = JSON.stringify({ inputs: [{ name: "input", datatype: "UINT8", shape: [1], data: [1] }] });
      const asked = Array.from({ length: 6 }, () =>
        fetch(`${http}/v2/models/null/infer`, { method: "POST", body }),
      );
      for (const answer of await Promise.all(asked)) expect(answer.status).toBe(200);
      for (const url of [`${http}/metrics`, alone]) {
        const text = await read(url);
        expect(counted(text, INFERENCES)).toBe(6);
        expect(counted(text, REQUESTS)).toBe(6);
      }
      const [first] = childrenOf(server.child.pid);
      process.kill(first?.pid ?? 0, "SIGKILL");
      await server.wrote("serves in its place");
      const text = await read(alone);
      expect(counted(text, INFERENCES)).toBe(6);
      expect(counted(text, REQUESTS)).toBe(6);
    } finally {
      server.child.kill("SIGTERM");
    }
    expect((await server.ended).code).toBe(0);
  });

  it("says in one line what is wrong with the port, exit code 2", async () => {
    const taken = net.createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as net.AddressInfo;
    const ports = ["--http-port", "0", "--grpc-port", "0"];
    const ended = await run(["serve", "--model", "null", ...ports, "--metrics-port", String(port)]);
    taken.close();
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(
      new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: address already in use`),
    );
    const wrong = await run(["serve", "--model", "null", "--http-port", "9", "--metrics-port", "9"]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/9 is given twice/);
    expect(wrong.stderr).not.toMatch(/\n\s+at /);
  });
});
