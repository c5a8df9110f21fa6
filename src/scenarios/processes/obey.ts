import { BenchError, type ErrorCode, messageOf, TransportError } from "../../core/errors.ts";

/** What a command of a child process takes and gives back, by the command's name. */
export type Commands = Readonly<Record<string, (argument: never) => unknown>>;

/** What the conductor sends: one command; answered by a `Reply` with the same number. */
export interface Order {
  readonly number: number;
  readonly command: string;
  readonly argument: unknown;
}

export type Reply =
  | { readonly number: number; readonly value: unknown }
  | { readonly number: number; readonly error: Failure };

/** An error as it crosses processes. */
export interface Failure {
  readonly code: ErrorCode | undefined;
  readonly message: string;
}

/** What a child tells unasked. */
export interface Notice {
  readonly notice: string;
  readonly value: unknown;
}

/** Tells the conductor something unasked. Lost without harm when the conductor has gone. */
export function tell(notice: string, value: unknown): void {
  process.send?.({ notice, value } satisfies Notice, undefined, {}, () => {});
}

/** The same; resolves when it has left this process, so that an exit right after does not lose it. Never rejects. */
export function tellWhole(notice: string, value: unknown): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send({ notice, value } satisfies Notice, undefined, {}, () => resolve());
  });
}

/**
 * Makes this process obey the conductor: runs its commands as they come (they may overlap), and ends by `end` when it is
 * told to, when it gets SIGTERM, or when the conductor has gone. SIGINT and SIGHUP are the conductor's business.
 *
 * @param commands - every command but `end`; what one returns is sent back.
 * @param end - releases everything; the process exits after it.
 */
export function obey(commands: Commands, end: () => Promise<void>): void {
  let ending: Promise<void> | undefined;
  const finish = (): Promise<void> => {
    ending ??= end()
      .catch((error: unknown) => {
        process.stderr.write(`${messageOf(error)}\n`);
        process.exitCode = 1;
      })
      .then(() => process.exit());
    return ending;
  };
  process.on("SIGINT", () => {});
  process.on("SIGHUP", () => {});
  process.on("SIGTERM", () => void finish());
  process.on("disconnect", () => void finish());
  process.on("message", (message: Order) => {
    void carryOut(message);
  });

  async function carryOut({ number, command, argument }: Order): Promise<void> {
    if (command === "end") {
      await finish();
      return;
    }
    let reply: Reply;
    try {
      const action = commands[command];
      if (action === undefined) throw new BenchError("ERR_PROCESS", `unknown command '${command}'`);
      reply = { number, value: await action(argument as never) };
    } catch (error) {
      reply = { number, error: failureOf(error) };
    }
    process.send?.(reply, undefined, {}, () => {});
  }
}

function failureOf(error: unknown): Failure {
  const message = error instanceof TransportError ? `${error.status}: ${error.message}` : messageOf(error);
  return { code: error instanceof BenchError ? error.code : undefined, message };
}
