import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A Mosquitto of its own, for one test file. */
export interface MosquittoProcess {
  readonly url: string;
  readonly port: number;
  /** Stops it as a debugger would (SIGSTOP): connections stay open, nothing is answered any more. */
  freeze(): void;
  stop(): Promise<void>;
}

/** Whether this machine has it. */
export function hasMosquitto(): boolean {
  return spawnSync("mosquitto", ["-h"]).error === undefined;
}

/** Whether this machine has `mosquitto_pub`, `mosquitto_sub` and `mosquitto_rr`. */
export function hasMosquittoClients(): boolean {
  return spawnSync("mosquitto_rr", ["--help"]).error === undefined;
}

/**
 * Starts Mosquitto on 127.0.0.1, with TCP_NODELAY; resolves when it takes connections.
 *
 * @param wantedPort - for a broker that comes back where it was. @default a free one
 */
export async function startMosquitto(extraConfig = "", wantedPort?: number): Promise<MosquittoProcess> {
  const port = wantedPort ?? (await freePort());
  const folder = await mkdtemp(join(tmpdir(), "wirebench-mosquitto-"));
  const config = join(folder, "mosquitto.conf");
  await writeFile(
    config,
    `listener ${port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n${extraConfig}\n`,
  );
  const child = spawn("mosquitto", ["-c", config], { stdio: "ignore" });
  const exited = once(child, "exit");
  await accepting(port);
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    freeze: () => void child.kill("SIGSTOP"),
    async stop() {
      // A frozen one would not hear of its end.
      child.kill("SIGCONT");
      child.kill();
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function accepting(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const socket = net.connect(port, "127.0.0.1");
    const answered = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("mosquitto does not take connections");
}
