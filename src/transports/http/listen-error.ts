import { messageOf, TransportError } from "../../core/errors.ts";

/** Why an address cannot be listened on, as one line. @param reason - what `listen` failed with. */
export function listenError(reason: unknown, host: string, port: number): TransportError {
  const code = reason instanceof Error && "code" in reason ? reason.code : undefined;
  const text =
    code === "EADDRINUSE"
      ? "address already in use"
      : code === "EACCES"
        ? "this process may not use that port"
        : messageOf(reason);
  return new TransportError("UNAVAILABLE", `cannot listen on ${hostAndPort(host, port)}: ${text}`, {
    cause: reason,
  });
}

/** `host:port` as it stands in a URL. */
export function hostAndPort(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
