import { expect, it } from "vitest";
import { type MessageTarget, postWithBuffers, transferViews } from "../../../src/serving/tensor-transfer.ts";

const LARGE = 100_000;

it("moves a large buffer once, however many views lie in it", () => {
  const buffer = new ArrayBuffer(2 * LARGE);
  const given = [
    new Uint8Array(buffer, 0, LARGE),
    new Uint8Array(buffer, LARGE),
    new Uint8Array(buffer, 0, 8),
  ];
  const { views, buffers } = transferViews(given);
  expect(buffers).toEqual([buffer]);
  expect(views).toEqual(given);
  expect(views.every((view) => view.buffer === buffer)).toBe(true);
});

it("copies small views, pooled ones too, without the buffer behind them", () => {
  const pooled = Buffer.from("pooled");
  const { views, buffers } = transferViews([pooled, new Uint8Array(10).fill(3)]);
  expect(buffers).toEqual([]);
  expect(views[0]?.buffer.byteLength).toBe(6);
  expect(Buffer.from(views[0] ?? []).toString()).toBe("pooled");
});

it("copies a large view of a buffer that is mostly somebody else's", () => {
  const shared = new ArrayBuffer(10 * LARGE);
  const { views, buffers } = transferViews([new Uint8Array(shared, 5, LARGE)]);
  expect(buffers).toEqual([]);
  expect(views[0]?.buffer.byteLength).toBe(LARGE);
});

it("copies shared memory, which cannot move", () => {
  const { views, buffers } = transferViews([new Uint8Array(new SharedArrayBuffer(LARGE))]);
  expect(buffers).toEqual([]);
  expect(views[0]?.buffer).toBeInstanceOf(ArrayBuffer);
});

it("clones when a buffer must not move, and passes other errors on", () => {
  const posts: (readonly ArrayBuffer[] | undefined)[] = [];
  const target = (error: unknown): MessageTarget => ({
    postMessage(_message, transfer) {
      posts.push(transfer);
      if (transfer !== undefined) throw error;
    },
  });
  const buffers = [new ArrayBuffer(1)];
  postWithBuffers(target(new DOMException("no", "DataCloneError")), {}, buffers);
  expect(posts).toEqual([buffers, undefined]);
  expect(() => postWithBuffers(target(new TypeError("broken")), {}, buffers)).toThrow("broken");
});
