import type { Tensor } from "../core/tensor.ts";

/** Views up to this size are copied to the other thread: detaching a buffer costs more than such a copy. */
const COPY_LIMIT_BYTES = 64 * 1024;

/** Tensors as they go through `postMessage`, and the buffers that move with them. */
export interface TransferredTensors {
  readonly tensors: readonly Tensor[];
  readonly buffers: readonly ArrayBuffer[];
}

/**
 * Prepares byte views for another thread. A buffer moves when the views that use it take more than 64 KB and at least
 * half of it: a view that covers less may share its buffer with somebody else's message. Everything else is
 * copied, since cloning a view would clone the whole buffer behind it.
 *
 * @param views - what is sent in one message; several views may lie in one buffer, which moves once.
 * @returns the views to send, in the same order, and the transfer list.
 */
export function transferViews(views: readonly Uint8Array[]): {
  readonly views: readonly Uint8Array[];
  readonly buffers: readonly ArrayBuffer[];
} {
  const used = new Map<ArrayBufferLike, number>();
  for (const view of views) used.set(view.buffer, (used.get(view.buffer) ?? 0) + view.byteLength);
  const buffers: ArrayBuffer[] = [];
  for (const [buffer, bytes] of used) {
    if (bytes > COPY_LIMIT_BYTES && bytes * 2 >= buffer.byteLength && buffer instanceof ArrayBuffer) {
      buffers.push(buffer);
    }
  }
  const moved = new Set<ArrayBufferLike>(buffers);
  return { views: views.map((view) => (moved.has(view.buffer) ? view : new Uint8Array(view))), buffers };
}

/** The same for tensors: only name, datatype, shape, bytes and the given parameters are sent. */
export function transferTensors(tensors: readonly Tensor[]): TransferredTensors {
  const { views, buffers } = transferViews(tensors.map((tensor) => tensor.data));
  return { tensors: tensors.map((tensor, at) => ({ ...tensor, data: views[at]! })), buffers };
}

/** Where messages are posted: a worker or a port. */
export interface MessageTarget {
  postMessage(message: unknown, transferList?: readonly ArrayBuffer[]): void;
}

/**
 * Posts a message and moves its buffers; where one of them must not move (Node's own pools, memory of native add-ons),
 * nothing moves and the message is cloned.
 */
export function postWithBuffers(
  target: MessageTarget,
  message: unknown,
  buffers: readonly ArrayBuffer[],
): void {
  if (buffers.length === 0) {
    target.postMessage(message);
    return;
  }
  try {
    target.postMessage(message, buffers);
  } catch (cause) {
    if (!(cause instanceof DOMException) || cause.name !== "DataCloneError") throw cause;
    target.postMessage(message);
  }
}
