import type { Child } from "./child.ts";

/** The processes of one run: started one by one, ended together in reverse order. */
export class Crew {
  readonly #children: Child<never>[] = [];
  readonly #others: { close(): Promise<void> }[] = [];

  add<T extends Child<never>>(child: T): T {
    this.#children.push(child);
    return child;
  }

  /** Something in this process that ends with them. */
  also<T extends { close(): Promise<void> }>(other: T): T {
    this.#others.push(other);
    return other;
  }

  async end(): Promise<void> {
    // What fails to close must not keep the processes from ending.
    await Promise.allSettled(this.#others.map((other) => other.close()));
    for (const child of this.#children.toReversed()) await child.end();
  }
}
