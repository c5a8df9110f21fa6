import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { BenchError } from "../core/errors.ts";
import type { Tuning } from "../core/transport.ts";
import { gpuEnvironment } from "./machine/gpu-libraries.ts";
import { joining } from "./network/namespaces.ts";
import { processTuning } from "./process-tuning.ts";
import type { Commands, Notice, Order, Reply } from "./processes/obey.ts";

/** How long a child may take to end by itself before it is killed. */
const END_MS = 5_000;

export type Role = "server" | "generator" | "broker" | "relay" | "reference";

/** Starts a process for {@link Child}: its standard error a pipe, its IPC with serialization "advanced". */
export type Launch = (
  entry: string,
  options: { readonly env: NodeJS.ProcessEnv; readonly execArgv: readonly string[] },
) => ChildProcess;

export interface ChildOptions {
  readonly role: Role;
  readonly tuning: Tuning;
  /** A process whose network namespace it is to run in. @default that of the conductor */
  readonly beside?: number | undefined;
  /** Instead of a plain fork; `beside` is left out then. */
  readonly launch?: Launch | undefined;
  onNotice?(notice: string, value: unknown): void;
}

/** How a child ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it wrote to its standard error. */
  readonly stderr: string;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A child process of the conductor that obeys commands over IPC. `C` is its table of commands. */
export class Child<C extends Commands> {
  readonly role: Role;
  /** Resolves when the process has ended, whatever the reason. Never rejects. */
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #exit: Exit | undefined;
  #next = 0;
  #stderr = "";

  constructor({ role, tuning, beside, launch, onNotice }: ChildOptions) {
    this.role = role;
    const entry = fileURLToPath(new URL(`./processes/${role}.js`, import.meta.url));
    const tuned = processTuning(tuning);
    const env = gpuEnvironment(tuned.env);
    this.#process =
      launch?.(entry, { env, execArgv: tuned.execArgv }) ??
      fork(entry, {
        serialization: "advanced",
        stdio: ["ignore", "ignore", "pipe", "ipc"],
        ...tuned,
        env,
        ...(beside === undefined
          ? {}
          : { execPath: "nsenter", execArgv: [...joining(beside), process.execPath, ...tuned.execArgv] }),
      });
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4_096);
    });
    this.#process.on("message", (message: Reply | Notice) => {
      if ("notice" in message) onNotice?.(message.notice, message.value);
      else this.#settle(message);
    });
    this.exited = new Promise((resolve) => {
      const ended = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#exit ??= { code, signal, stderr: this.#stderr.trim() };
        for (const { reject } of this.#waiting.values()) reject(this.#gone());
        this.#waiting.clear();
        resolve(this.#exit);
      };
      this.#process.on("error", () => {
        // A message that could not be sent is told here too: only a process that never began has no number.
        if (this.#process.pid === undefined) ended(null, null);
      });
      this.#process.on("close", ended);
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Undefined while it runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /**
   * Sends a command and waits for its answer.
   * @param withinMs - how long. @default for ever
   * @throws {BenchError} what the child reports, or ERR_PROCESS when it has ended, ends meanwhile or takes longer.
   */
  ask<K extends keyof C & string>(
    command: K,
    argument: Parameters<C[K]>[0],
    withinMs?: number,
  ): Promise<Awaited<ReturnType<C[K]>>> {
    if (this.#exit !== undefined || !this.#process.connected) return Promise.reject(this.#gone());
    const order: Order = { number: this.#next++, command, argument };
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<unknown>((resolve, reject) => {
      const giveUp = (): void => {
        if (this.#waiting.delete(order.number)) reject(this.#gone());
      };
      this.#waiting.set(order.number, { resolve, reject });
      if (withinMs !== undefined) timer = setTimeout(giveUp, withinMs);
      this.#process.send(order, (error) => {
        if (error !== null) giveUp();
      });
    });
    return answer.finally(() => clearTimeout(timer)) as Promise<Awaited<ReturnType<C[K]>>>;
  }

  /** Tells it to end and waits; kills it after 5 s. Idempotent; never rejects. */
  async end(): Promise<Exit> {
    if (this.#exit === undefined && this.#process.connected) {
      this.#process.send({ number: -1, command: "end", argument: undefined } satisfies Order, () => {});
    } else if (this.#exit === undefined) {
      this.#process.kill("SIGTERM");
    }
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), END_MS);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.number);
    if (!this.#waiting.delete(reply.number)) return;
    if ("error" in reply)
      waiting?.reject(new BenchError(reply.error.code ?? "ERR_PROCESS", reply.error.message));
    else waiting?.resolve(reply.value);
  }

  #gone(): BenchError {
    return new BenchError("ERR_PROCESS", describeExit(this.role, this.#exit));
  }
}

/** One line about how a process ended. */
export function describeExit(role: Role, exit: Exit | undefined): string {
  if (exit === undefined) return `the ${role} process does not answer`;
  const how = exit.signal === null ? `ended with code ${exit.code}` : `was killed (${exit.signal})`;
  const last = exit.stderr.split("\n").findLast((line) => /\w/.test(line) && !/^\s+at /.test(line));
  return `the ${role} process ${how}${last === undefined ? "" : `: ${last.trim().slice(0, 300)}`}`;
}
