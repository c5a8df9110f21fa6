import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type BagEntry, type WritableCompression, writeBag } from "../../../src/inputs/bag-writer.ts";
import { imageTopic } from "../../../src/inputs/message-definitions.ts";
import type { SourceSpec } from "../../../src/inputs/open-source.ts";
import { encodeImageMessage, type RosImage } from "../../../src/inputs/ros-image.ts";

/** A folder for the files of one test file, removed after it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "wirebench-inputs-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const START_NS = 1_700_000_000_000_000_000n;

/** A 4×2 px image message; its pixels are `seq * 10` and up. */
export function smallImage(seq: number, change: Partial<RosImage> = {}): Uint8Array {
  const data = Uint8Array.from({ length: 8 }, (_, at) => seq * 10 + at);
  const header = { seq, stamp: { sec: 1_600_000_000 + seq, nsec: 5 }, frameId: "cam" };
  const image = { heightPx: 2, widthPx: 4, encoding: "bayer_rggb8", isBigEndian: false, step: 4, data };
  return encodeImageMessage({ header, ...image, ...change });
}

/** Three images on `/cam` at 0 s, 0.5 s and 1 s. */
export function smallBag(
  compression: WritableCompression = "none",
  change: Partial<RosImage> = {},
): Uint8Array {
  const entries = [0, 1, 2].map(
    (seq): BagEntry => ({
      topic: "/cam",
      recordedNs: START_NS + BigInt(seq) * 500_000_000n,
      data: smallImage(seq, change),
    }),
  );
  return writeBag({ topics: [imageTopic("/cam")], entries, compression });
}

/** Writes bytes into a file of that folder. */
export function fileOf(folder: string, name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

export function specOf(input: string, change: Partial<SourceSpec> = {}): SourceSpec {
  return { input, synthetic: { kind: "bytes", bytes: 64 }, seed: 1, ...change };
}
