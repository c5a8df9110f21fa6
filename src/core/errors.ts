import type { FailureStatus } from "./status.ts";

/** Every stable error code of the project; `docs/errors.md` explains each. */
export const ERROR_CODES = [
  "ERR_CONFIG",
  "ERR_USAGE",
  "ERR_INPUT",
  "ERR_MODEL",
  "ERR_DEVICE",
  "ERR_SERVING",
  "ERR_TRANSPORT",
  "ERR_PROCESS",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Base class of every error that the project throws on purpose. Match on `code`, not on the message. */
export class BenchError extends Error {
  override readonly name: string = "BenchError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}

/** One thing wrong with a configuration: where it is, what was expected and what was found. */
export interface ConfigProblem {
  /** e.g. `scenarios[2].load.ratePerSec` or `--rate`. */
  readonly path: string;
  readonly message: string;
}

/** The configuration or the command line is wrong; every problem is named at once. */
export class ConfigError extends BenchError {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: { readonly cause?: unknown }) {
    super("ERR_CONFIG", problems.map(({ path, message }) => `${path}: ${message}`).join("\n"), options);
    this.problems = problems;
  }
}

/** A frame source cannot be read: missing file, corrupt bag, unknown topic, no image in it. */
export class InputError extends BenchError {
  override readonly name = "InputError";

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super("ERR_INPUT", message, options);
  }
}

/** The serving core cannot be set up: unknown model, broken model file, device that cannot be had. */
export class ServingError extends BenchError {
  override readonly name = "ServingError";

  constructor(
    code: Extract<ErrorCode, "ERR_MODEL" | "ERR_DEVICE" | "ERR_SERVING">,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(code, message, options);
  }
}

/** A request failed. The load generator records it as an outcome; it never ends a run. */
export class TransportError extends BenchError {
  override readonly name = "TransportError";
  readonly status: FailureStatus;

  constructor(status: FailureStatus, message: string, options?: { readonly cause?: unknown }) {
    super("ERR_TRANSPORT", message, options);
    this.status = status;
  }

  /** Keeps a `TransportError`; wraps anything else, an overrun deadline and an abort by their names. */
  static from(reason: unknown, fallback: FailureStatus = "UNKNOWN"): TransportError {
    if (reason instanceof TransportError) return reason;
    if (!(reason instanceof Error)) return new TransportError(fallback, String(reason), { cause: reason });
    const status =
      reason.name === "TimeoutError"
        ? "DEADLINE_EXCEEDED"
        : reason.name === "AbortError"
          ? "CANCELLED"
          : fallback;
    return new TransportError(status, reason.message, { cause: reason });
  }
}

/** The text of anything that was thrown, on one line. */
export function messageOf(reason: unknown): string {
  const text = reason instanceof Error ? reason.message : String(reason);
  return text.replace(/\s*\n\s*/g, " ").trim();
}
