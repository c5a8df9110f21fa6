// @ts-check
import { parseArgs } from "node:util";

/** A process of a measurement: `Child` and `ScriptProcess` are such. @typedef {{ end(): Promise<unknown> }} Member */

/** Wrong arguments: exit code 2. */
export class UsageError extends Error {}

/** The processes that a script has started. What is left of them ends with the script, whatever ends it. */
export class Crew {
  /** @type {Set<Member>} */
  #members = new Set();
  #ended = false;

  /**
   * Takes a process that was just started in.
   * @template {Member} M
   * @param {M} member
   * @returns {M}
   */
  add(member) {
    this.#members.add(member);
    if (this.#ended) void member.end();
    return member;
  }

  /** Whether the script is to end. */
  get hasEnded() {
    return this.#ended;
  }

  /** Ends one process and forgets it. @param {Member} member */
  async release(member) {
    await member.end();
    this.#members.delete(member);
  }

  /** Ends every process, the last one first, and each that is added from now on. Idempotent, never rejects. */
  async end() {
    this.#ended = true;
    for (const member of [...this.#members].reverse()) await member.end();
    this.#members.clear();
  }
}

/**
 * Runs a script to its end: errors are one line and an exit code (2 for wrong arguments, 130 when interrupted, else 1), and
 * no process is left behind.
 *
 * @param {string} name - of the npm script, for the errors.
 * @param {(crew: Crew) => Promise<void>} measure
 */
export async function runScript(name, measure) {
  const crew = new Crew();
  let interrupted = false;
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
    process.on(signal, () => {
      interrupted = true;
      // What is being waited for then fails, and the script ends as after any failure.
      void crew.end();
    });
  }
  try {
    await measure(crew);
  } catch (error) {
    const [text] = (error instanceof Error ? error.message : String(error)).split("\n");
    process.stderr.write(`${name}: ${interrupted ? "interrupted" : text}\n`);
    const isUsage =
      error instanceof UsageError ||
      (error instanceof Error && "code" in error && error.code === "ERR_MODEL");
    process.exitCode = interrupted ? 130 : isUsage ? 2 : 1;
  } finally {
    await crew.end();
  }
}

/**
 * The options of a script that looks at them before it does anything. `--help` prints the usage and ends the script; wrong
 * options end it with one line and exit code 2.
 *
 * @template V
 * @param {{ readonly name: string, readonly usage: string, readonly options: readonly string[] }} script - the name of the npm
 *   script, and the names of its options, each with a text.
 * @param {(given: Readonly<Record<string, string | undefined>>) => V} read - may throw a `UsageError`.
 * @returns {V}
 */
export function optionsOf({ name, usage, options }, read) {
  try {
    const texts = Object.fromEntries(
      options.map((option) => [option, { type: /** @type {const} */ ("string") }]),
    );
    const { values } = parseArgs({ options: { ...texts, help: { type: "boolean" } } });
    if (values["help"] === true) {
      console.log(usage);
      process.exit(0);
    }
    return read(/** @type {Record<string, string | undefined>} */ (values));
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : error} (see --help)\n`);
    process.exit(2);
  }
}

/**
 * A whole number of an option.
 * @param {string} option - e.g. `--outstanding`.
 * @param {string | undefined} text
 * @param {{ readonly least: number, readonly most: number, readonly preset: number }} limits
 * @returns {number}
 * @throws {UsageError}
 */
export function wholeNumber(option, text, { least, most, preset }) {
  if (text === undefined) return preset;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`${option}: expected a whole number from ${least} to ${most}, got '${text}'`);
}

/**
 * A frame's size, `WIDTHxHEIGHT` in pixels.
 * @param {string | undefined} text
 * @throws {UsageError}
 */
export function frameOf(text = "968x608") {
  const [, width, height] = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(text) ?? [];
  if (width === undefined) throw new UsageError(`--frame: expected a size like 968x608, got '${text}'`);
  return { widthPx: Number(width), heightPx: Number(height) };
}

/**
 * The names of a list that are there, each once.
 * @template {string} N
 * @param {string} option
 * @param {string | undefined} text - separated by commas.
 * @param {readonly N[]} known
 * @param {readonly N[]} preset
 * @returns {readonly N[]}
 * @throws {UsageError}
 */
export function namesOf(option, text, known, preset) {
  if (text === undefined) return preset;
  const names = [...new Set(text.split(",").map((name) => name.trim()))];
  const unknown = names.find((name) => !(/** @type {readonly string[]} */ (known).includes(name)));
  if (unknown === undefined) return /** @type {N[]} */ (names);
  throw new UsageError(`${option}: expected some of ${known.join(", ")}, got '${unknown}'`);
}
