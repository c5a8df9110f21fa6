/**
 * A map of what is in flight: few entries, which come and go with every request, the oldest mostly first. V8 gives a `Map` a new
 * table whenever it falls to a quarter of its capacity, which one with an entry or two does at the end of each request. The
 * tables of a map that is old are old from the start, and those left behind keep the requests in them until the old generation
 * is swept. Two arrays leave nothing; the price is a search from the oldest entry on.
 */
export class InFlightMap<K, V> implements Iterable<[K, V]> {
  readonly #keys: K[] = [];
  readonly #values: V[] = [];

  get size(): number {
    return this.#keys.length;
  }

  has(key: K): boolean {
    return this.#keys.includes(key);
  }

  get(key: K): V | undefined {
    const at = this.#keys.indexOf(key);
    return at < 0 ? undefined : this.#values[at];
  }

  set(key: K, value: V): this {
    const at = this.#keys.indexOf(key);
    if (at >= 0) this.#values[at] = value;
    else {
      this.#keys.push(key);
      this.#values.push(value);
    }
    return this;
  }

  /** @returns whether there was one. */
  delete(key: K): boolean {
    const at = this.#keys.indexOf(key);
    if (at < 0) return false;
    removeAt(this.#keys, at);
    removeAt(this.#values, at);
    return true;
  }

  /** Over the entries of the moment of the call, the oldest first. */
  forEach(visit: (value: V, key: K) => void): void {
    for (const [key, value] of this) visit(value, key);
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.#keys.map((key, at): [K, V] => [key, this.#values[at] as V]).values();
  }
}

/** The same as a set. */
export class InFlightSet<T> implements Iterable<T> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  has(item: T): boolean {
    return this.#items.includes(item);
  }

  add(item: T): this {
    if (!this.#items.includes(item)) this.#items.push(item);
    return this;
  }

  /** @returns whether it was in it. */
  delete(item: T): boolean {
    const at = this.#items.indexOf(item);
    if (at < 0) return false;
    removeAt(this.#items, at);
    return true;
  }

  /** Over the items of the moment of the call, the oldest first. */
  forEach(visit: (item: T) => void): void {
    for (const item of this) visit(item);
  }

  [Symbol.iterator](): IterableIterator<T> {
    return [...this.#items].values();
  }
}

function removeAt(array: unknown[], at: number): void {
  if (at === 0) array.shift();
  else array.splice(at, 1);
}
