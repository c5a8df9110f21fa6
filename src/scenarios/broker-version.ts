import { DEFAULT_MAX_PAYLOAD_BYTES } from "../core/transport.ts";
import type { BenchSpec } from "./bench-spec.ts";
import { createTransport } from "./transports.ts";

/** What the embedded broker speaks. */
const EMBEDDED = "3.1.1";

/**
 * The MQTT version that a bench will speak: the embedded broker's, or what the user's broker agrees to.
 * @throws {TransportError} UNAVAILABLE when that broker cannot be reached.
 */
export async function brokerVersion({ url, broker }: Pick<BenchSpec, "url" | "broker">): Promise<string> {
  const endpoint = url ?? broker;
  if (endpoint === undefined) return EMBEDDED;
  const client = await createTransport("mqtt").connect(endpoint, {
    maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
    tuning: "defaults",
    encoding: "binary",
  });
  try {
    return client.protocolVersion;
  } finally {
    await client.close();
  }
}
