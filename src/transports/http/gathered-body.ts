import type { Socket } from "node:net";

/**
 * A body in several parts that leaves in one gathered write with its header, none of them copied: undici alone writes the
 * elements of an iterable one by one, and the first small packet then wakes the server for nothing.
 *
 * @param parts - at least one.
 * @param socketOf - the connection that the request is being written to.
 */
export function* gatheredBody(
  parts: readonly Uint8Array[],
  socketOf: () => Socket | undefined,
): Generator<Uint8Array, void> {
  const socket = socketOf();
  socket?.cork();
  for (const [index, part] of parts.entries()) {
    // After the last write, and not once undici asks for more: it waits for a drain first, which a corked socket never has.
    if (index === parts.length - 1) process.nextTick(() => socket?.uncork());
    yield part;
  }
}
