import { describe, expect, it } from "vitest";
import type { WireMessage } from "../../../../src/core/oip/protobuf.ts";
import { LazyMessage, outgoingMessage, plainMessage } from "../../../../src/transports/grpc/message.ts";

const message: WireMessage = {
  byteLength: 6,
  parts: [Uint8Array.of(1, 2), Uint8Array.of(3), Uint8Array.of(4, 5, 6)],
};

/** What grpc-js does with a serialised message, in its client (`length`) and in its server (`byteLength`). */
function framed(size: "length" | "byteLength", form: "lazy" | "plain"): Buffer {
  const outgoing = outgoingMessage(message, form);
  const frame = Buffer.alloc(outgoing[size] + 5);
  frame.writeUInt32BE(outgoing[size], 1);
  outgoing.copy(frame, 5);
  return frame;
}

describe("outgoing messages", () => {
  it.each([
    ["length", "lazy"],
    ["byteLength", "lazy"],
    ["length", "plain"],
    ["byteLength", "plain"],
  ] as const)("are framed by their %s, %s", (size, form) => {
    expect(framed(size, form).toString("hex")).toBe("0000000006010203040506");
  });

  it("lazy ones are written when they are copied, not before", () => {
    const part = Uint8Array.of(1);
    const lazy = new LazyMessage({ byteLength: 1, parts: [part] });
    part[0] = 9;
    const target = Buffer.alloc(1);
    expect(lazy.copy(target)).toBe(1);
    expect(target[0]).toBe(9);
  });

  it("plain ones have bytes of their own", () => {
    const part = Uint8Array.of(1);
    const plain = plainMessage({ byteLength: 1, parts: [part] });
    part[0] = 9;
    expect(plain[0]).toBe(1);
  });
});
