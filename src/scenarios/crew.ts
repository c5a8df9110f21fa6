import type { Child } from "./child.ts";

/** The processes of one run: started one by one, ended together in reverse order. */
export class Crew {
  readonly #children: Child<never>[] = [];
  readonly #others: { close(): Promise<void> }[] = [];
  #ended: Promise<void> = Promise.resolve();

  add<T extends Child<never>>(child: T): T {
    this.#children.push(child);
    return child;
  }

  /** Something in this process that ends with them. */
  also<T extends { close(): Promise<void> }>(other: T): T {
    this.#others.push(other);
    return other;
  }

  /** Also of those that were added after an end: each is ended once, and every call waits for all. */
  end(): Promise<void> {
    this.#ended = this.#ended.then(() => this.#endAll());
    return this.#ended;
  }

  async #endAll(): Promise<void> {
    // What fails to close must not keep the processes from ending.
    await Promise.allSettled(this.#others.splice(0).map((other) => other.close()));
    for (const child of this.#children.splice(0).toReversed()) await child.end();
  }
}
