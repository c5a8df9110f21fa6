import { createRequire } from "node:module";
import Bzip2 from "@foxglove/wasm-bz2";
import type Lz4Decompress from "@foxglove/wasm-lz4";
import { InputError, messageOf } from "../core/errors.ts";

/** A bag's chunk holds at most this many bytes; larger claims come from damaged files and would only eat memory. */
const MAX_CHUNK_BYTES = 1_073_741_824;

/** LZ4 cannot compress better than this. */
const MAX_LZ4_RATIO = 256;

/** Decompresses one chunk to exactly `sizeBytes`. Throws an {@link InputError} when that does not come out. */
export type Decompressor = (chunk: Uint8Array, sizeBytes: number) => Uint8Array;

/** The compressions of rosbag v2.0 chunks, by the names that stand in the file (`none` needs nothing). */
export async function loadDecompressors(): Promise<Readonly<Record<"bz2" | "lz4", Decompressor>>> {
  bzip2Loading ??= withoutListeners(() => Bzip2.init());
  const [lz4, bzip2] = await Promise.all([loadLz4(), bzip2Loading]);
  return {
    lz4: checked("lz4", (chunk, sizeBytes) => {
      if (sizeBytes > MAX_LZ4_RATIO * chunk.byteLength) throw new Error("no LZ4 data can be that large");
      try {
        return lz4(chunk, sizeBytes);
      } catch (reason) {
        forgetLz4();
        throw reason;
      }
    }),
    bz2: checked("bz2", (chunk, sizeBytes) => bzip2.decompress(chunk, sizeBytes)),
  };
}

function checked(name: string, decompress: Decompressor): Decompressor {
  return (chunk, sizeBytes) => {
    try {
      if (sizeBytes > MAX_CHUNK_BYTES) throw new Error(`more than ${MAX_CHUNK_BYTES} bytes`);
      const data = decompress(chunk, sizeBytes);
      if (data.byteLength !== sizeBytes) throw new Error(`it gave ${data.byteLength} bytes`);
      return data;
    } catch (reason) {
      throw new InputError(
        `a chunk of ${chunk.byteLength} bytes ${name} is corrupt: it should become ${sizeBytes} bytes: ${messageOf(reason)}`,
        { cause: reason },
      );
    }
  };
}

const LZ4 = "@foxglove/wasm-lz4";
const require = createRequire(import.meta.url);

let bzip2Loading: Promise<Bzip2> | undefined;

async function loadLz4(): Promise<typeof Lz4Decompress> {
  const decompress = withoutListeners(() => require(LZ4) as typeof Lz4Decompress);
  await decompress.isLoaded;
  return decompress;
}

/** wasm-lz4 keeps one decompression context that an error leaves unusable for good: the next bag gets a new one. */
function forgetLz4(): void {
  Reflect.deleteProperty(require.cache, require.resolve(LZ4));
}

/**
 * Emscripten's modules listen for the process's uncaught exceptions and unhandled rejections as soon as they start,
 * which changes how the process ends and keeps every instance alive. Those listeners are taken off again.
 */
function withoutListeners<T>(load: () => T): T {
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = events.map((event) => new Set<unknown>(process.rawListeners(event)));
  const loaded = load();
  for (const [at, event] of events.entries()) {
    for (const listener of process.rawListeners(event)) {
      if (!before[at]!.has(listener)) process.removeListener(event, listener as (...args: unknown[]) => void);
    }
  }
  return loaded;
}
