import type { ModelOrder, ModelOutcome } from "./serving-spec.ts";

/** An order without the number of who asked. */
export type Change = Pick<ModelOrder, "action" | "modelName">;

/** What a process starts with, and how many orders had been carried out by then. */
export interface StartModels {
  readonly models: readonly string[];
  readonly orders: number;
}

/** Which models the processes of a pool serve: orders come one after another and hold for processes that come later. */
export class ModelBook {
  readonly #initial: readonly string[];
  readonly #models: Set<string>;
  /** The number of the last order of each model. */
  readonly #lastOrders = new Map<string, number>();
  #orders = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(models: readonly string[]) {
    this.#initial = models;
    this.#models = new Set(models);
  }

  /** What a new process is to start with: it needs one model at least, be it one that it is told to unload again. */
  toStart(): StartModels {
    return { models: this.#models.size === 0 ? this.#initial : [...this.#models], orders: this.#orders };
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
      this.#orders += 1;
      this.#lastOrders.set(order.modelName, this.#orders);
      return {};
    });
  }

  /**
   * Lets a process in that was started with this, between two orders.
   *
   * @param catchUp - carries out in it what it has missed; from then on it is asked like the others.
   */
  join(started: StartModels, catchUp: (missed: readonly Change[]) => Promise<void>): Promise<void> {
    return this.#inTurn(() => catchUp(this.#missed(started)));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** A model that was loaded again meanwhile may be another than the one that the process has read. */
  #missed({ models, orders }: StartModels): readonly Change[] {
    const isNewer = (name: string): boolean => (this.#lastOrders.get(name) ?? 0) > orders;
    const loaded = [...this.#models].filter((name) => !models.includes(name) || isNewer(name));
    const unloaded = models.filter((name) => !this.#models.has(name));
    return [
      ...loaded.map((modelName): Change => ({ action: "load", modelName })),
      ...unloaded.map((modelName): Change => ({ action: "unload", modelName })),
    ];
  }
}
