/** The longest that a timer counts, milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Waits for work, but no longer than that; the work goes on by itself.
 * @returns `undefined` when the time was over first.
 */
export async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.min(timeoutMs, LONGEST_MS));
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
