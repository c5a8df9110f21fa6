import { InputError } from "../core/errors.ts";
import { channelsOf, type Pixels } from "../core/frame.ts";

/**
 * Checks that the sizes are positive whole numbers and that there are as many bytes as they say.
 * @throws {InputError} naming the expected and the found.
 */
export function checkPixels({ widthPx, heightPx, encoding, data }: Pixels): void {
  if (!Number.isSafeInteger(widthPx) || !Number.isSafeInteger(heightPx) || widthPx < 1 || heightPx < 1) {
    throw new InputError(`an image must be at least 1×1 px, got ${widthPx}×${heightPx}`);
  }
  const expected = widthPx * heightPx * channelsOf(encoding);
  if (data.byteLength !== expected) {
    throw new InputError(
      `expected ${expected} bytes for ${widthPx}×${heightPx} ${encoding}, got ${data.byteLength}`,
    );
  }
}
