import { TransportError } from "../../core/errors.ts";
import { withoutCredentials } from "../../core/without-credentials.ts";

/** Where a broker listens, read from its URL. */
export interface BrokerAddress {
  /** `mqtt://host:port`, without user and password: the form for messages. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
}

/**
 * Reads `mqtt://[user:password@]host[:port]`; the port is 1883 unless given.
 * @throws {TransportError} INVALID_ARGUMENT for anything else.
 */
export function parseBrokerUrl(text: string): BrokerAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.protocol !== "mqtt:" || url.hostname === "") {
    throw new TransportError(
      "INVALID_ARGUMENT",
      `expected a broker as mqtt://host:port, got '${withoutCredentials(text)}'`,
    );
  }
  const port = url.port === "" ? 1883 : Number(url.port);
  return {
    url: brokerUrl(url.hostname, port),
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port,
    ...(url.username === "" ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === "" ? {} : { password: decodeURIComponent(url.password) }),
  };
}

/** `mqtt://host:port`, an IPv6 host in brackets. */
export function brokerUrl(host: string, port: number): string {
  return `mqtt://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}`;
}
