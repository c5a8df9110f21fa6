import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { InputError } from "../../../src/core/errors.ts";
import { createRandom } from "../../../src/core/random.ts";
import { readBagInfo } from "../../../src/inputs/bag-info.ts";
import { openSource } from "../../../src/inputs/open-source.ts";
import { fileOf, smallBag, specOf, temporaryFolder } from "./small-bag.ts";

const folder = temporaryFolder();

/** Opens and reads a damaged bag: frames, or one line about it. Anything else fails the test. */
async function outcome(bytes: Uint8Array, what: string): Promise<"frames" | string> {
  const path = fileOf(folder, "damaged.bag", bytes);
  const results = await Promise.allSettled([openSource(specOf(path)), readBagInfo(path)]);
  for (const result of results) {
    if (result.status === "fulfilled") continue;
    expect(result.reason, `${what}: ${String(result.reason?.stack)}`).toBeInstanceOf(InputError);
    const { message } = result.reason as InputError;
    expect(message, what).toMatch(/^[^\n]*damaged\.bag[^\n]*$/);
  }
  const [frames] = results;
  return frames.status === "fulfilled" ? "frames" : (frames.reason as InputError).message;
}

describe.each(["none", "lz4"] as const)("a damaged bag (%s)", { timeout: 60_000 }, (compression) => {
  const whole = smallBag(compression);

  it("cut anywhere is refused", async () => {
    const cuts = [0, 1, 5, 12, 13, 14, 17, 50, 4116, 4117, 4118];
    for (let cut = 4125; cut < whole.length; cut += 23) cuts.push(cut);
    cuts.push(whole.length - 1);
    for (const cut of cuts) expect(await outcome(whole.subarray(0, cut), `cut at ${cut}`)).not.toBe("frames");
  });

  it("says where it is cut and what to do", async () => {
    const index = Number(Buffer.from(whole).readBigUInt64LE(Buffer.from(whole).indexOf("index_pos=") + 10));
    const message = await outcome(whole.subarray(0, index - 10), "cut before the index");
    expect(message).toContain(
      `is truncated or was not closed (index at byte ${index}, the file has ${index - 10} bytes); ` +
        "reindex it with 'rosbag reindex'",
    );
    const unclosed = Buffer.from(whole);
    unclosed.writeBigUInt64LE(0n, unclosed.indexOf("index_pos=") + 10);
    expect(await outcome(unclosed, "unclosed")).toContain("was not closed (index at byte 0,");
  });

  it("with flipped bits gives frames or is refused", async () => {
    const random = createRandom(7);
    const isPadding = (at: number): boolean => at > 90 && at < 4117;
    const outcomes = new Set<boolean>();
    for (let run = 0; run < 300; run++) {
      const bytes = whole.slice();
      const flips = 1 + (random.uint32() % 3);
      const places: number[] = [];
      while (places.length < flips) {
        const at = random.uint32() % whole.length;
        if (isPadding(at)) continue;
        bytes[at] = bytes[at]! ^ (1 << (random.uint32() % 8));
        places.push(at);
      }
      outcomes.add((await outcome(bytes, `flipped at ${places.join(", ")}`)) === "frames");
    }
    expect(outcomes).toEqual(new Set([true, false]));
    // Reading many bags, damaged ones too, leaves no listener of a decompressor behind.
    expect(process.listenerCount("uncaughtException")).toBeLessThan(5);
  });

  it("with every length field blown up is refused or read, without the memory it claims", async () => {
    for (let at = 4117; at + 4 < whole.length; at += 5) {
      const bytes = Buffer.from(whole);
      bytes.writeUInt32LE(0x7fff_fff0, at);
      await outcome(bytes, `0x7ffffff0 at ${at}`);
    }
    expect(process.memoryUsage().rss).toBeLessThan(3_000_000_000);
  });
});

describe("a damaged compressed chunk", () => {
  it.each([
    ["lz4", smallBag("lz4")],
    ["bz2", readFileSync(join(import.meta.dirname, "fixtures", "small-bz2.bag"))],
  ])("is named, and does not spoil the next bag (%s)", async (compression, bytes) => {
    const broken = Buffer.from(bytes);
    const data = broken.indexOf("size=") + 13;
    broken.fill(0xff, data, data + 20);
    expect(await outcome(broken, "broken chunk")).toContain(`bytes ${compression} is corrupt`);
    expect(await outcome(bytes, "whole")).toBe("frames");
  });
});
