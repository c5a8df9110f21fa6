import type { ConfigProblem } from "../core/errors.ts";
import type { TransportName } from "../core/transport.ts";

/**
 * The transports with the control of MQTT's way through a broker, where `relay` asks for it.
 *
 * @param settings - `url`: of a server that the bench does not start; the relay stands before it, if it speaks HTTP.
 * @param problems - gets what cannot be meant.
 */
export function withRelay(
  transports: readonly TransportName[],
  settings: { readonly relay?: boolean | undefined; readonly url?: string | undefined },
  problems: ConfigProblem[] = [],
): readonly TransportName[] {
  if (settings.relay !== true || transports.includes("http-relay")) return transports;
  if (settings.url !== undefined && !transports.includes("http")) {
    problems.push({ path: "relay", message: `relays HTTP, and url is ${settings.url}` });
    return transports;
  }
  return [...transports, "http-relay"];
}
