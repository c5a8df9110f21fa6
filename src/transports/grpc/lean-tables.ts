import type { Client } from "@grpc/grpc-js";
import { InFlightMap, InFlightSet } from "../../core/in-flight.ts";

/**
 * Lets a connected client keep its calls in tables that leave nothing behind ({@link InFlightMap}): what it has buffered of
 * each for a retry, and those that are open on its connections of this moment. grpc-js has no option for either, so this
 * goes through its private fields.
 *
 * @returns how many tables were replaced; the client works either way.
 */
export function useLeanTables(client: Client): number {
  const channel = field(client.getChannel(), "internalChannel");
  const buffers = field(channel, "retryBufferTracker");
  const allocated = field(buffers, "allocatedPerCall");
  let replaced = 0;
  if (buffers !== undefined && allocated instanceof Map && allocated.size === 0) {
    Reflect.set(buffers, "allocatedPerCall", new InFlightMap());
    replaced += 1;
  }
  const subchannels = field(channel, "wrappedSubchannels");
  if (!(subchannels instanceof Set)) return replaced;
  for (const subchannel of subchannels) {
    const transport = field(field(subchannel, "child"), "transport");
    const calls = field(transport, "activeCalls");
    if (transport === undefined || !(calls instanceof Set && calls.size === 0)) continue;
    Reflect.set(transport, "activeCalls", new InFlightSet());
    replaced += 1;
  }
  return replaced;
}

/** An object that another holds in this field. */
function field(object: unknown, name: string): object | undefined {
  if (typeof object !== "object" || object === null) return undefined;
  const value: unknown = Reflect.get(object, name);
  return typeof value === "object" && value !== null ? value : undefined;
}
