import { describe, expect, test } from "vitest";
import { InFlightMap, InFlightSet } from "../../../src/core/in-flight.ts";
import { createRandom } from "../../../src/core/random.ts";

const MOST_KEYS = 12;

describe("InFlightMap", () => {
  test("is a Map, whatever comes and goes", () => {
    const random = createRandom(7);
    const known = new Map<string, number>();
    const map = new InFlightMap<string, number>();
    for (let step = 0; step < 5_000; step += 1) {
      const key = String(Math.floor(random.fraction() * MOST_KEYS));
      if (random.fraction() < 0.5) {
        known.set(key, step);
        map.set(key, step);
      } else expect(map.delete(key)).toBe(known.delete(key));
      expect(map.get(key)).toBe(known.get(key));
      expect(map.has(key)).toBe(known.has(key));
      expect(map.size).toBe(known.size);
      expect([...map]).toEqual([...known]);
    }
  });

  test("forEach goes over what was there when it began", () => {
    const map = new InFlightMap<number, string>();
    map.set(1, "one").set(2, "two");
    const visited: [number, string][] = [];
    map.forEach((value, key) => {
      map.delete(2);
      map.set(key + 10, value);
      visited.push([key, value]);
    });
    expect(visited).toEqual([
      [1, "one"],
      [2, "two"],
    ]);
  });
});

describe("InFlightSet", () => {
  test("is a Set, whatever comes and goes", () => {
    const random = createRandom(8);
    const known = new Set<number>();
    const set = new InFlightSet<number>();
    for (let step = 0; step < 5_000; step += 1) {
      const item = Math.floor(random.fraction() * MOST_KEYS);
      if (random.fraction() < 0.5) {
        known.add(item);
        set.add(item);
      } else expect(set.delete(item)).toBe(known.delete(item));
      expect(set.has(item)).toBe(known.has(item));
      expect(set.size).toBe(known.size);
      expect([...set]).toEqual([...known]);
    }
  });

  test("forEach goes over what was there when it began", () => {
    const set = new InFlightSet<number>();
    set.add(1).add(2);
    const visited: number[] = [];
    set.forEach((item) => {
      set.delete(2);
      set.add(item + 10);
      visited.push(item);
    });
    expect(visited).toEqual([1, 2]);
  });
});
