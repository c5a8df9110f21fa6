// @ts-check
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { processTuning } from "../../dist/scenarios/process-tuning.js";

const END_MS = 5_000;
/** A block takes well under a second: what takes this long hangs. */
const ANSWER_MS = 60_000;

/** One of the scripts beside this file, in a process of its own that obeys commands over IPC. */
export class ScriptProcess {
  #script;
  #process;
  /** @type {Map<number, { resolve(value: unknown): void, reject(error: Error): void }>} */
  #waiting = new Map();
  #next = 0;
  #stderr = "";
  #hasEnded = false;
  #exited;

  /**
   * @param {string} script - e.g. `bare-http`.
   * @param {"defaults" | "tuned"} tuning
   */
  constructor(script, tuning) {
    this.#script = script;
    const { env, execArgv } = processTuning(tuning);
    this.#process = fork(fileURLToPath(new URL(`./${script}.mjs`, import.meta.url)), {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env,
      // Options of this process (a profiler's, say) are not the children's.
      execArgv: [...execArgv, ...extraOptions()],
    });
    this.#process.stderr?.setEncoding("utf8").on("data", (text) => {
      this.#stderr = (this.#stderr + text).slice(-4_096);
    });
    this.#process.on("message", (/** @type {any} */ reply) => {
      const waiting = this.#waiting.get(reply.number);
      this.#waiting.delete(reply.number);
      if ("error" in reply) waiting?.reject(new Error(`${script}: ${reply.error.message}`));
      else waiting?.resolve(reply.value);
    });
    this.#exited = new Promise((resolve) => {
      const ended = () => {
        this.#hasEnded = true;
        for (const { reject } of this.#waiting.values()) reject(this.#gone());
        this.#waiting.clear();
        resolve(undefined);
      };
      this.#process.on("error", ended);
      this.#process.on("close", ended);
    });
  }

  /**
   * Sends a command and waits for its answer.
   * @param {string} command
   * @param {unknown} [argument]
   * @returns {Promise<any>}
   */
  ask(command, argument) {
    if (this.#hasEnded || !this.#process.connected) return Promise.reject(this.#gone());
    const number = this.#next++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${this.#script}: no answer to '${command}' within ${ANSWER_MS / 1_000} s`)),
        ANSWER_MS,
      );
      const settled = (/** @type {() => void} */ settle) => {
        clearTimeout(timer);
        settle();
      };
      this.#waiting.set(number, {
        resolve: (value) => settled(() => resolve(value)),
        reject: (error) => settled(() => reject(error)),
      });
      this.#process.send({ number, command, argument }, () => {});
    });
  }

  /** Tells it to end and waits; kills it after 5 s. Idempotent, never rejects. */
  async end() {
    if (this.#hasEnded) return;
    if (this.#process.connected) {
      this.#process.send({ number: -1, command: "end", argument: undefined }, () => {});
    } else this.#process.kill("SIGTERM");
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), END_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  #gone() {
    const last = this.#stderr
      .split("\n")
      .findLast((line) => /\w/.test(line) && !/^\s+at |^Node\.js v/.test(line));
    return new Error(`${this.#script}: the process has ended${last === undefined ? "" : `: ${last.trim()}`}`);
  }
}

/** Options of Node for looking at a process, from the environment. */
function extraOptions() {
  return process.env["OVERHEAD_NODE_OPTIONS"]?.split(" ") ?? [];
}
