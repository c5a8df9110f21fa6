import { TransportError } from "../../core/errors.ts";

const DEFAULT_PORT = 8001;

/** `host:port`, with brackets around an IPv6 address. */
export function hostPort(host: string, port: number): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Of endpoints: unary calls and one stream have the same address, but are not the same transport. */
const SCHEMES: readonly string[] = ["grpc:", "grpc+stream:"];

/**
 * The `host:port` of an endpoint `grpc://host:port` or `grpc+stream://host:port`; the port is Triton's 8001 unless given.
 * @throws {TransportError} INVALID_ARGUMENT
 */
export function addressOf(endpoint: string): string {
  let url: URL | undefined;
  try {
    url = new URL(endpoint);
  } catch {
    // Said below.
  }
  if (url === undefined || !SCHEMES.includes(url.protocol) || url.hostname === "") {
    throw new TransportError(
      "INVALID_ARGUMENT",
      `expected an endpoint such as grpc://host:8001, got '${endpoint}'`,
    );
  }
  return hostPort(url.hostname, url.port === "" ? DEFAULT_PORT : Number(url.port));
}

/** The error of an address that cannot be listened on, in plain words. */
export function listenError(address: string, cause: Error): TransportError {
  const why = /EADDRINUSE/.test(cause.message)
    ? "address already in use"
    : /EACCES/.test(cause.message)
      ? "permission denied"
      : /EADDRNOTAVAIL/.test(cause.message)
        ? "no such address on this machine"
        : cause.message.replace(/\s+/g, " ");
  return new TransportError("UNAVAILABLE", `cannot listen on ${address}: ${why}`, { cause });
}

/** The host under which a listener is reached: a wildcard is an address to listen on, not one to connect to. */
export function reachableHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" || host === "[::]" ? "::1" : host;
}
