import { type Agent, get } from "node:http";
import { childrenOf, type Running, start } from "./wirebench.ts";

export const ANY_PORT = ["--http-port", "0", "--grpc-port", "0"];

/** Looks again and again until something is found. @throws after ten seconds. */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 500; tries++) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(20);
  }
  throw new Error("what was waited for did not come");
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts `serve` on free ports and waits until it serves. */
export const serve = (...args: readonly string[]) => serveIn(process.env, ...args);

/** The same, in an environment of the test's own. */
export async function serveIn(
  env: NodeJS.ProcessEnv,
  ...args: readonly string[]
): Promise<Running & { http: string; grpc: string }> {
  const running = start(["serve", ...ANY_PORT, ...args], undefined, env);
  await running.wrote("Ctrl-C ends");
  const [http = "", grpc = ""] = running.stdout().trim().split("\n");
  return { ...running, http, grpc };
}

/** Process ids of its workers. */
export const workersOf = ({ child }: Running): readonly number[] =>
  childrenOf(child.pid).map(({ pid }) => pid);

export function post(url: string, body: unknown = {}): Promise<Response> {
  return fetch(url, { method: "POST", body: JSON.stringify(body) });
}

/** Asks over a connection of its own, which stays open as long as the agent. */
export function statusOf(
  url: string,
  agent: Agent,
): Promise<{ readonly clientPort: number; readonly status: number }> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      const clientPort = response.socket.localPort ?? 0;
      response.resume().once("end", () => resolve({ clientPort, status: response.statusCode ?? 0 }));
    }).once("error", reject);
  });
}

/** Of `null`, `identity` and `delay-20ms`. */
export const inputs = [{ name: "input", datatype: "UINT8", shape: [3], data: [1, 2, 3] }];
