import { BenchError } from "../core/errors.ts";

/** A second signal so soon is the terminal's and npm's, not the user's. */
const SAME_MS = 500;

/** What the user's Ctrl-C (or SIGTERM) does to a command. */
export interface Interrupt {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** 130 or 143 after a signal, else `undefined`. */
  readonly exitCode: () => number | undefined;
}

/** The first signal asks to end; one that comes later than half a second after it leaves at once. */
export function listenForInterrupt(onFirst: () => void = () => {}): Interrupt {
  const controller = new AbortController();
  let exitCode: number | undefined;
  let firstMs = 0;
  const listen = (name: "SIGINT" | "SIGTERM", code: number): void => {
    process.on(name, () => {
      const nowMs = performance.now();
      if (exitCode === undefined) {
        exitCode = code;
        firstMs = nowMs;
        onFirst();
        controller.abort(new BenchError("ERR_PROCESS", "interrupted"));
      } else if (nowMs - firstMs > SAME_MS) {
        process.exit(code);
      }
    });
  };
  listen("SIGINT", 130);
  listen("SIGTERM", 143);
  return { signal: controller.signal, exitCode: () => exitCode };
}
