import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BodyCollector } from "../../../../src/transports/http/body-collector.ts";

describe("BodyCollector", () => {
  it.each(["announced", "unknown"] as const)(
    "joins chunks of %s length, aligned behind the header",
    (length) => {
      fc.assert(
        fc.property(
          fc.array(fc.uint8Array({ maxLength: 40 })),
          fc.nat({ max: 50 }),
          (chunks, headerBytes) => {
            const whole = Buffer.concat(chunks);
            const contentBytes = length === "announced" ? whole.byteLength : undefined;
            const collector = new BodyCollector({ contentBytes, headerBytes, maxBytes: 1e6 });
            for (const chunk of chunks) collector.push(chunk);
            expect(collector.byteLength).toBe(whole.byteLength);
            expect(collector.isComplete).toBe(length === "announced");
            const body = collector.finish();
            expect(Buffer.compare(body, whole)).toBe(0);
            expect((body.byteOffset + headerBytes) % 8).toBe(0);
            // A pooled buffer could not be moved to another thread.
            expect(body.buffer.byteLength).toBeLessThan(whole.byteLength + 8);
          },
        ),
      );
    },
  );

  it("is complete with its last byte, not before", () => {
    const collector = new BodyCollector({ contentBytes: 3, maxBytes: 3 });
    collector.push(new Uint8Array(2));
    expect(collector.isComplete).toBe(false);
    collector.push(new Uint8Array(1));
    expect(collector.isComplete).toBe(true);
  });

  it("refuses an announced length over the limit before it allocates", () => {
    expect(() => new BodyCollector({ contentBytes: 2 ** 50, maxBytes: 10 })).toThrow(
      expect.objectContaining({ status: "RESOURCE_EXHAUSTED" }),
    );
  });

  it("refuses chunks that add up to more than the limit", () => {
    const collector = new BodyCollector({ maxBytes: 10 });
    collector.push(new Uint8Array(10));
    expect(() => collector.push(new Uint8Array(1))).toThrow(/11 bytes or more, over the limit of 10/);
  });
});
