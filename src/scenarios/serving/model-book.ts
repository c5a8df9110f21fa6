import type { ModelOrder, ModelOutcome } from "./serving-spec.ts";

/** An order without the number of who asked. */
export type Change = Pick<ModelOrder, "action" | "modelName">;

/** Which models the processes of a pool serve: orders come one after another and hold for processes that come later. */
export class ModelBook {
  readonly #initial: readonly string[];
  readonly #models: Set<string>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(models: readonly string[]) {
    this.#initial = models;
    this.#models = new Set(models);
  }

  /** What a new process is to start with: it needs one model at least, be it one that it is told to unload again. */
  toStart(): readonly string[] {
    return this.#models.size === 0 ? this.#initial : [...this.#models];
  }

  /**
   * Carries an order out once those before it are done. It has failed when it failed in one process; one that ended
   * meanwhile has no say.
   *
   * @param ask - asks every process that serves; called when it is this order's turn.
   */
  change(order: Change, ask: () => readonly Promise<ModelOutcome>[]): Promise<ModelOutcome> {
    return this.#inTurn(async () => {
      const answers = await Promise.allSettled(ask());
      const outcomes = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
      const failed = outcomes.find(({ failure }) => failure !== undefined);
      if (failed !== undefined) return failed;
      if (order.action === "load") this.#models.add(order.modelName);
      else this.#models.delete(order.modelName);
      return {};
    });
  }

  /**
   * Lets a process in that was started with these models, between two orders.
   *
   * @param catchUp - carries out in it what it has missed; from then on it is asked like the others.
   */
  join(models: readonly string[], catchUp: (missed: readonly Change[]) => Promise<void>): Promise<void> {
    return this.#inTurn(() => catchUp(this.#missed(models)));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  #missed(models: readonly string[]): readonly Change[] {
    const loaded = [...this.#models].filter((name) => !models.includes(name));
    const unloaded = models.filter((name) => !this.#models.has(name));
    return [
      ...loaded.map((modelName): Change => ({ action: "load", modelName })),
      ...unloaded.map((modelName): Change => ({ action: "unload", modelName })),
    ];
  }
}
