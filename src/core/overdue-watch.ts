/** How often things are looked at, at most. */
const MOST_CHECK_MS = 5_000;

/** Things that have begun and must end within a time. */
export interface OverdueWatch<T> {
  begin(item: T): void;
  /** It ended, or is no longer of interest. */
  end(item: T): void;
  stop(): void;
}

/** How often to look for what takes longer than a time: found that late, or a quarter of the time. Milliseconds. */
export function checkIntervalMs(timeoutMs: number): number {
  return Math.min(MOST_CHECK_MS, Math.max(10, Math.ceil(timeoutMs / 4)));
}

/**
 * One timer for all: a timer each would cost every request more. It does not keep the process alive.
 *
 * @param onOverdue - told once of each that has not ended in time; it is forgotten then.
 */
export function watchOverdue<T>(timeoutMs: number, onOverdue: (item: T) => void): OverdueWatch<T> {
  /** By the order they began in. */
  const begun = new Map<T, number>();
  const check = (): void => {
    const latestMs = performance.now() - timeoutMs;
    for (const [item, beganMs] of begun) {
      if (beganMs > latestMs) break;
      begun.delete(item);
      onOverdue(item);
    }
  };
  const timer = setInterval(check, checkIntervalMs(timeoutMs)).unref();
  return {
    begin: (item) => void begun.set(item, performance.now()),
    end: (item) => void begun.delete(item),
    stop: () => clearInterval(timer),
  };
}
