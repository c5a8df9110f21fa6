import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { InputError, messageOf } from "../core/errors.ts";
import type { BayerEncoding } from "../core/frame.ts";
import { type BagInfo, readBagInfo } from "../inputs/bag-info.ts";
import { WRITABLE_COMPRESSIONS, type WritableCompression } from "../inputs/bag-writer.ts";
import { makeStreetBag, STREET_BAG_DEFAULTS } from "../inputs/street-bag.ts";
import type { Size } from "../vision/resize.ts";

/** The bag that ships with the project and is its default input, relative to the project's folder. */
export const SAMPLE_BAG = "rosbag-samples/street.bag";

/** `bags info FILE` and `bags make`. Its actions throw `BenchError`s and print only results. */
export function bagsCommand(): Command {
  const bags = new Command("bags").description("look into ROS bags, and make the sample bag");
  bags
    .command("info")
    .description("list the topics of a ROS 1 bag: types, counts, rates, image sizes, bytes")
    .argument("<file>", "a .bag file (rosbag v2.0)")
    .addHelpText("after", `\nExample:\n  $ npm run bags -- info ${SAMPLE_BAG}`)
    .action(async (file: string) => {
      console.log(formatBagInfo(await readBagInfo(file)));
    });
  bags
    .command("make")
    .description(
      "write a bag of a rendered street, seen by a car's camera at 10 Hz; the same options, the same bytes",
    )
    .option("--out <file>", "the bag to write", SAMPLE_BAG)
    .option("--frames <n>", "images in it", wholeNumber(1, 100_000), STREET_BAG_DEFAULTS.frames)
    .option(
      "--seed <n>",
      "another seed, another street",
      wholeNumber(0, 4_294_967_295),
      STREET_BAG_DEFAULTS.seed,
    )
    .option("--size <WxH>", "pixels (default: 968x608)", parseSize)
    .addOption(
      new Option("--pattern <name>", "colours of the camera's mosaic").choices(PATTERNS).default("rggb"),
    )
    .addOption(
      new Option("--compression <name>", "of the bag's chunks")
        .choices(WRITABLE_COMPRESSIONS)
        .default("none"),
    )
    .addHelpText(
      "after",
      "\nExamples:\n  $ npm run bags -- make\n  $ npm run bags -- make --out /tmp/long.bag --frames 300 --size 1936x1216",
    )
    .action(makeBag);
  return bags;
}

const PATTERNS = ["rggb", "bggr", "gbrg", "grbg"] as const;

interface MakeOptions {
  readonly out: string;
  readonly frames: number;
  readonly seed: number;
  readonly size?: Size;
  readonly pattern: (typeof PATTERNS)[number];
  readonly compression: WritableCompression;
}

async function makeBag({ out, frames, seed, size, pattern, compression }: MakeOptions): Promise<void> {
  const encoding: BayerEncoding = `bayer_${pattern}8`;
  const bag = makeStreetBag({ ...size, frames, seed, encoding, compression });
  try {
    await mkdir(dirname(out), { recursive: true });
    await writeFile(out, bag);
  } catch (reason) {
    throw new InputError(`${out}: cannot be written: ${messageOf(reason)}`, { cause: reason });
  }
  console.log(`${out}: ${frames} frames, ${bag.byteLength} bytes`);
}

/** The lines that `bags info` prints. */
export function formatBagInfo(info: BagInfo): string {
  const head = [
    `${info.path}: ${formatBytes(info.sizeBytes)}, ${info.durationSec.toFixed(1)} s from ${formatTime(info.startNs)}`,
    `${info.messages} messages in ${info.chunks} chunks, compression ${info.compressions.join(", ") || "none"}`,
    "",
  ];
  const rows = info.topics.map(({ name, type, messages, rateHz, image, bytes }) => [
    name,
    type,
    String(messages),
    rateHz === undefined ? "" : rateHz.toFixed(1),
    image ?? "",
    formatBytes(bytes),
  ]);
  return [...head, ...formatTable([["topic", "type", "messages", "Hz", "image", "size"], ...rows])].join(
    "\n",
  );
}

const NUMERIC_COLUMNS = new Set([2, 3, 5]);

function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows.map((row) =>
    row
      .map((text, column) => {
        const width = widths[column] ?? 0;
        return NUMERIC_COLUMNS.has(column) ? text.padStart(width) : text.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(2)} MB`;
}

function formatTime(ns: bigint | undefined): string {
  return ns === undefined ? "no time (it is empty)" : new Date(Number(ns / 1_000_000n)).toISOString();
}

function wholeNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < from || value > to) {
      throw new InvalidArgumentError(`Expected a whole number from ${from} to ${to}.`);
    }
    return value;
  };
}

function parseSize(text: string): Size {
  const match = /^(\d{1,5})x(\d{1,5})$/i.exec(text);
  const widthPx = Number(match?.[1]);
  const heightPx = Number(match?.[2]);
  if (!(widthPx >= 2 && heightPx >= 2))
    throw new InvalidArgumentError("Expected WIDTHxHEIGHT, such as 968x608.");
  return { widthPx, heightPx };
}
