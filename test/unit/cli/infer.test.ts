import { afterEach, describe, expect, it, vi } from "vitest";
import { frameLines, inferCommand } from "../../../src/cli/infer.ts";
import type { Frame } from "../../../src/core/frame.ts";

const frame: Frame = {
  index: 3,
  widthPx: 1,
  heightPx: 1,
  encoding: "mono8",
  data: new Uint8Array(1),
  retrieveNs: 0,
};
const timed = {
  stages: [
    { stage: "decode", ms: 1.234 },
    { stage: "infer", ms: 10 },
  ],
  totalMs: 12.5,
};

describe("frameLines", () => {
  it("names the largest classes of a mask and counts the rest", () => {
    const ids = Uint8Array.from({ length: 100 }, (_, at) => (at < 60 ? 0 : at < 70 ? 1 : at % 10));
    const lines = frameLines(frame, { ...timed, answer: { kind: "mask", widthPx: 10, heightPx: 10, ids } }, [
      "road",
    ]);
    expect(lines[0]).toBe("frame 3: 12.50 ms (decode 1.23, infer 10.00)");
    expect(lines[1]).toMatch(/^ {2}mask 10x10: road 63\.0 %, class 1 13\.0 %, class 2 3\.0 %, .*, 2 more$/);
  });

  it("lists ranks under the times", () => {
    const answer = { kind: "top-k", ranks: [{ id: 0, score: 0.5 }] } as const;
    expect(frameLines(frame, { ...timed, answer }, ["owl"])[1]).toBe("  1  0.5000  0  owl");
  });
});

describe("the command line", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });
  it.each([
    [["--size", "0x3"], /Expected WIDTHxHEIGHT/],
    [["--frames", "0"], /Expected a whole number from 1/],
    [["--alpha", "1.5"], /Expected a number from 0 to 1/],
    [["--alpha", "."], /Expected a number from 0 to 1/],
    [["--device", "tpu"], /Allowed choices are cpu, gpu/],
  ])("refuses %j", async (options, message) => {
    const command = inferCommand()
      .exitOverride()
      .configureOutput({ writeErr: () => {} });
    const args = ["--model", "m", "--input", "i", "--out", "o", ...options];
    await expect(command.parseAsync(args, { from: "user" })).rejects.toThrow(message);
  });
});
