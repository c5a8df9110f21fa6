import { connectBroker } from "../transports/mqtt/connect-broker.ts";
import type { BenchSpec } from "./bench-spec.ts";

/** What the embedded broker speaks. */
const EMBEDDED = "3.1.1";
const TIMEOUT_MS = 10_000;

/**
 * The MQTT version that a bench will speak: the embedded broker's, or what the user's broker agrees to.
 * @throws {TransportError} UNAVAILABLE when that broker cannot be reached.
 */
export async function brokerVersion({ url, broker }: Pick<BenchSpec, "url" | "broker">): Promise<string> {
  const endpoint = url ?? broker;
  if (endpoint === undefined) return EMBEDDED;
  const { client, protocolVersion } = await connectBroker(endpoint, {
    clientId: `wirebench-probe-${process.pid}`,
    timeoutMs: TIMEOUT_MS,
    tuning: "defaults",
  });
  await client.endAsync(true);
  return protocolVersion === 5 ? "5" : "3.1.1";
}
