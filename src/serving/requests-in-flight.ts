/** Counts the requests to a set of hosts, so that these can be closed when the last has been answered. */
export class RequestsInFlight {
  #count = 0;
  #whenNone: (() => void)[] = [];

  /** Runs one; it counts until it is settled. */
  async run<T>(request: () => Promise<T>): Promise<T> {
    this.#count += 1;
    try {
      return await request();
    } finally {
      this.#count -= 1;
      if (this.#count === 0) for (const resolve of this.#whenNone.splice(0)) resolve();
    }
  }

  /** Resolves when none is left; at once when there is none. */
  async none(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#whenNone.push(resolve));
  }
}
