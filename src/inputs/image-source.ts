import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { InputError, messageOf } from "../core/errors.ts";
import { decodeImage, detectImageFormat } from "../vision/image-codec.ts";
import type { FoundFrame, FrameListing } from "./frame-listing.ts";

/** `2.png` before `10.png`, whatever the machine's language. */
const NATURAL_ORDER = new Intl.Collator("en", { numeric: true });

/** One JPEG or PNG file. */
export function listImageFile(path: string): FrameListing {
  return listing(path, [path]);
}

/**
 * The JPEG and PNG files of a folder (not of folders in it), by name in natural order.
 * @throws {InputError} when it cannot be listed or has none.
 */
export async function listImageFolder(path: string): Promise<FrameListing> {
  let names: string[];
  try {
    const entries = await readdir(path, { withFileTypes: true });
    names = entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
  } catch (reason) {
    throw new InputError(`${path}: cannot be listed: ${messageOf(reason)}`, { cause: reason });
  }
  const images = names.filter((name) => /\.(jpe?g|png)$/i.test(name) && !name.startsWith("."));
  if (images.length === 0) {
    const bags = names.filter((name) => /\.bag$/i.test(name)).length;
    const instead = bags > 0 ? `; it has ${bags} bag${bags === 1 ? "" : "s"}: name one` : "";
    throw new InputError(
      `${path}: no .jpg, .jpeg or .png file is in this folder (${names.length} files)${instead}`,
    );
  }
  images.sort(NATURAL_ORDER.compare);
  return listing(
    path,
    images.map((name) => join(path, name)),
  );
}

function listing(path: string, files: readonly string[]): FrameListing {
  return {
    name: basename(path),
    notes: [],
    total: files.length,
    isRetrieved: true,
    async *frames() {
      for (const file of files) yield await readImage(file);
    },
    close: async () => {},
  };
}

async function readImage(path: string): Promise<FoundFrame> {
  try {
    const bytes = new Uint8Array(await readFile(path));
    const { widthPx, heightPx, rgb } = await decodeImage(bytes);
    const format = detectImageFormat(bytes);
    return {
      pixels: { widthPx, heightPx, encoding: "rgb8", data: rgb },
      compressed: format && { format, data: bytes },
    };
  } catch (reason) {
    throw new InputError(`${path}: ${messageOf(reason)}`, { cause: reason });
  }
}
