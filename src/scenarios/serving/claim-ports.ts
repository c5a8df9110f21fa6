import { createServer, type Server } from "node:net";
import { TransportError } from "../../core/errors.ts";

/**
 * Looks whether ports can be listened on, and puts a free one in place of each 0, so that every process of a pool, and
 * each that comes later in the place of another, listens on the same. Nothing is held afterwards.
 *
 * @throws {TransportError} UNAVAILABLE for the first that cannot be had.
 */
export async function claimPorts(host: string, ports: readonly number[]): Promise<readonly number[]> {
  const held: Server[] = [];
  try {
    for (const port of ports) held.push(await hold(host, port));
    return held.map((server) => {
      const address = server.address();
      return typeof address === "object" && address !== null ? address.port : 0;
    });
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

function hold(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
      reject(new TransportError("UNAVAILABLE", `cannot listen on ${where}: ${reasonOf(cause)}`, { cause }));
    });
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "address already in use",
  EACCES: "this process may not use that port",
  EADDRNOTAVAIL: "no such address on this machine",
  ENOTFOUND: "no such address on this machine",
};

function reasonOf({ code = "", message }: NodeJS.ErrnoException): string {
  return REASONS[code] ?? message;
}
