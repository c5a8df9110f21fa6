import sharp from "sharp";

// libvips would start one thread per core for every image. JPEG and PNG hardly gain from it, while the extra threads
// take cores from whatever is being measured beside them: one thread per image; concurrent images still run side by
// side on libuv's pool.
sharp.concurrency(1);
// libvips remembers recent operations. A benchmark that decodes the same frame again must decode it again.
sharp.cache(false);

/** sharp, set for measuring: one thread per image, no operation cache. Process-wide, for the whole of sharp. */
export { sharp };

/** The same memory as a plain `Uint8Array`: a `Buffer`'s `slice` is a view where an array's is a copy. */
export function plainBytes(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
