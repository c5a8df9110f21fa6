import { lookup } from "node:dns/promises";

/**
 * The address that a host's name stands for, to listen on. fastify takes `localhost` for two addresses and answers the
 * second by a listener that has none of the limits of the first.
 *
 * @throws {Error} when nobody knows the name.
 */
export async function listenAddress(host: string): Promise<string> {
  return host === "localhost" ? (await lookup(host)).address : host;
}
