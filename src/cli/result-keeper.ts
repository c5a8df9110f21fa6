import { messageOf } from "../core/errors.ts";

/** Writes the results of a command again and again while it measures. */
export interface ResultKeeper<State> {
  /** Where it fails, the measuring goes on: that is said once, and the next time tries anew. */
  keep(state: State): Promise<void>;
  /** @throws {Error} in one line where the last writing failed: after the table has been printed. */
  check(): void;
}

/** @param say - takes one line for the terminal. */
export function createResultKeeper<State>(
  folder: string,
  write: (state: State) => Promise<void>,
  say: (line: string) => void,
): ResultKeeper<State> {
  let trouble: string | undefined;
  let isSaid = false;
  return {
    async keep(state) {
      try {
        await write(state);
        trouble = undefined;
      } catch (error) {
        trouble = `the results could not be written to ${folder}: ${messageOf(error)}`;
        if (!isSaid) say(`${trouble}; measuring goes on`);
        isSaid = true;
      }
    },
    check() {
      if (trouble !== undefined) throw new Error(trouble);
    },
  };
}
