import type { AddressInfo } from "node:net";
import { hostAndPort } from "./listen-error.ts";

/** The URL under which clients reach a listener. */
export function endpointOf(address: AddressInfo | string | null, host: string): string {
  const port = typeof address === "object" && address !== null ? address.port : 0;
  // A wildcard is an address to listen on, not one to connect to.
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${hostAndPort(reachable, port)}`;
}
