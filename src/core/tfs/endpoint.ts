import { TransportError } from "../errors.ts";

/** The schemes of this folder's endpoints, and the ports that their servers have unless one is given. */
const DEFAULT_PORTS = { "tfs+http": 8501, "tfs+grpc": 8500, "kserve-v1+http": 8080 } as const;
export type TfsScheme = keyof typeof DEFAULT_PORTS;

/** Where a server is. */
export interface ServerAddress {
  readonly hostPort: string;
  /** What stands before the server's own paths; empty or beginning with a slash. */
  readonly prefix: string;
}

/**
 * Takes an endpoint such as `tfs+http://host:8501` apart.
 * @throws {TransportError} INVALID_ARGUMENT for any other URL.
 */
export function parseEndpoint(endpoint: string, scheme: TfsScheme): ServerAddress {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const port = DEFAULT_PORTS[scheme];
  if (url?.protocol !== `${scheme}:` || url.hostname === "") {
    throw new TransportError(
      "INVALID_ARGUMENT",
      `expected an endpoint like ${scheme}://host:${port}, got '${endpoint}'`,
    );
  }
  const { hostname } = url;
  return {
    hostPort: `${hostname}:${url.port === "" ? port : url.port}`,
    prefix: url.pathname.replace(/\/+$/, ""),
  };
}
