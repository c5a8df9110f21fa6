import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { bagsCommand } from "../../../src/cli/bags.ts";
import { fileOf, smallBag, temporaryFolder } from "./small-bag.ts";

const folder = temporaryFolder();

afterEach(() => {
  vi.restoreAllMocks();
});

async function run(...args: string[]): Promise<string> {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  const command = bagsCommand().exitOverride();
  for (const sub of command.commands) sub.exitOverride().configureOutput({ writeErr: () => {} });
  await command.parseAsync(args, { from: "user" });
  return log.mock.calls.map(([line]) => String(line)).join("\n");
}

it("info prints a table of the topics", async () => {
  const path = fileOf(folder, "small.bag", smallBag());
  expect((await run("info", path)).split("\n")).toEqual([
    expect.stringMatching(/small\.bag: 5\.\d kB, 1\.0 s from 2023-11-14T22:13:20\.000Z$/),
    "3 messages in 1 chunks, compression none",
    "",
    "topic  type               messages   Hz  image             size",
    expect.stringMatching(/^\/cam {3}sensor_msgs\/Image {9}3 {2}2\.0 {2}bayer_rggb8 4×2 {2}\d+ B$/),
  ]);
});

it("make writes the same bytes for the same options", async () => {
  const out = join(folder, "made", "a.bag");
  const options = ["--frames", "2", "--size", "32x20", "--seed", "5", "--pattern", "bggr"];
  expect(await run("make", "--out", out, ...options)).toMatch(/a\.bag: 2 frames, \d+ bytes$/);
  const other = join(folder, "made", "b.bag");
  await run("make", "--out", other, ...options);
  expect(Buffer.compare(readFileSync(out), readFileSync(other))).toBe(0);
  expect(await run("info", out)).toContain("bayer_bggr8 32×20");
});

it.each([
  [["--frames", "0"], /Expected a whole number from 1/],
  [["--size", "10"], /Expected WIDTHxHEIGHT/],
  [["--pattern", "rgbg"], /Allowed choices are rggb, bggr, gbrg, grbg/],
  [["--compression", "zip"], /Allowed choices are none, lz4/],
])("make refuses %j", async (options, message) => {
  await expect(run("make", "--out", join(folder, "no.bag"), ...options)).rejects.toThrow(message);
});

it("a file that is no bag is an InputError", async () => {
  const path = fileOf(folder, "x.bag", Buffer.from("hello"));
  await expect(run("info", path)).rejects.toMatchObject({ code: "ERR_INPUT" });
});
