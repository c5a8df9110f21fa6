import { hash32, hashUnit } from "../noise.ts";
import { CROSSING_EVERY } from "./background.ts";
import { carEnd, carSide, lamp, person, type Shape, sign, trafficLight, tree } from "./shapes.ts";

/** A flat shape that stands in the street. Metres: `x` from the street's middle to the right, `z` along it. */
export interface Thing {
  /** `facing`: across the street, `x` is its middle; `along`: parallel to it, from `z` on. */
  readonly plane: "facing" | "along";
  readonly x: number;
  readonly z: number;
  /** Half the width of a facing thing, the length of one along the street. */
  readonly reach: number;
  readonly heightM: number;
  /** For `along`: seen from its other side, so that `across` runs against `z`. */
  readonly isReversed: boolean;
  /** 1 is full light. */
  readonly light: number;
  readonly shape: Shape;
}

/** Where a car stands, to draw the shade under it: its middle, and its end nearer to the camera. */
export interface CarSpot {
  readonly x: number;
  readonly z: number;
}

export interface StreetThings {
  readonly things: readonly Thing[];
  readonly cars: readonly CarSpot[];
}

const PAINTS = [0xb8bcc0, 0x23262b, 0x8c1d1d, 0x24406e, 0xd9d9d6, 0x5a6066, 0x3f5f4a, 0xc7a64a] as const;
const COATS = [0x9a3b34, 0x2f4a6d, 0xd2b25a, 0x4b4f55, 0x6a8a5a, 0xc8c4bc] as const;
const TROUSERS = [0x2b3242, 0x3b3733, 0x5d5a52] as const;

/** Car length and half width. */
const LENGTH = 4.3;
const HALF = 0.9;

/**
 * Everything that stands or moves in the street from the camera to `farM` metres on.
 *
 * @param cameraZ - where the camera is along the street, metres.
 * @param timeSec - moves the cars and the people.
 */
export function streetThings(cameraZ: number, timeSec: number, farM: number, seed: number): StreetThings {
  const things: Thing[] = [];
  const cars: CarSpot[] = [];
  const add = (x: number, z: number, reach: number, heightM: number, shape: Shape, light = 1): void => {
    things.push({ plane: "facing", x, z, reach, heightM, shape, light, isReversed: false });
  };
  const addCar = (x: number, z: number, paint: number, isOncoming: boolean): void => {
    const side = x > 1.9 ? x - HALF : x + HALF;
    const light = x < 0 ? 0.78 : 0.95;
    things.push({
      plane: "along",
      x: side,
      z,
      reach: LENGTH,
      heightM: 1.5,
      shape: carSide(paint),
      light,
      isReversed: isOncoming,
    });
    add(x, z, HALF, 1.5, carEnd(paint, isOncoming), light);
    cars.push({ x, z });
  };
  const first = Math.floor((cameraZ - 8) / 6.5);
  for (let slot = first; slot * 6.5 < cameraZ + farM; slot++) {
    for (const side of [-1, 1]) {
      const id = hash32(slot * 2 + (side + 1) / 2, seed + 11);
      const z = slot * 6.5 + hashUnit(id, 1) * 1.4;
      const toCrossing = ((z % CROSSING_EVERY) + CROSSING_EVERY) % CROSSING_EVERY;
      const isClear = toCrossing < 7 || toCrossing > CROSSING_EVERY - 5;
      if (id % 4 !== 0 && !isClear) addCar(side * 4.55, z, PAINTS[(id >>> 5) % PAINTS.length]!, side < 0);
      if (id % 3 === 0 && !isClear) add(side * 6.5, z + 1.5, 2.6, 6.3, tree(id), side < 0 ? 0.75 : 1);
      if ((id >>> 9) % 2 === 0) {
        const pace = ((id >>> 12) % 2 === 0 ? 1 : -1) * (1.1 + hashUnit(id, 2) * 0.5);
        const walked = pace * timeSec;
        const stride = swing(walked * 1.3 + hashUnit(id, 3));
        const shape = person(
          COATS[(id >>> 15) % COATS.length]!,
          TROUSERS[(id >>> 18) % TROUSERS.length]!,
          stride,
        );
        add(side * (7.1 + hashUnit(id, 4) * 1.4), z + walked, 0.5, 1.78, shape, side < 0 ? 0.75 : 1);
      }
    }
    if (slot % 4 === 0) add(5.95, slot * 6.5 + 3, 2, 6.7, lamp);
    if (slot % 5 === 2) add(5.95, slot * 6.5 + 5, 0.32, 2.65, sign);
  }
  const crossing = Math.floor(cameraZ / CROSSING_EVERY);
  for (let at = crossing; at * CROSSING_EVERY < cameraZ + farM; at++) {
    add(6, at * CROSSING_EVERY - 0.6, 0.3, 3.5, trafficLight(at % 2 === 0 ? 2 : 0));
    add(-6, at * CROSSING_EVERY + 4, 0.3, 3.5, trafficLight(at % 2 === 0 ? 0 : 2), 0.8);
    // Somebody crosses, to and fro.
    const walked = timeSec * 1.2 + hashUnit(at, seed) * 9 - 4;
    const way = ((walked % 22) + 22) % 22;
    const stride = swing(walked * 1.3);
    add(
      5 - (way < 11 ? way : 22 - way),
      at * CROSSING_EVERY + 1.6,
      0.5,
      1.78,
      person(COATS[at % 6]!, 0x2b3242, stride),
    );
  }
  // One car ahead in the camera's lane, drifting a little, and oncoming ones.
  addCar(1.85, cameraZ + 19 + swing(timeSec * 0.2) * 1.5, PAINTS[seed & 7]!, false);
  const oncoming = 37;
  const passed = timeSec * 9;
  const nearest = Math.ceil((cameraZ + passed - 6) / oncoming);
  for (let at = nearest; at * oncoming - passed < cameraZ + farM; at++) {
    addCar(-1.9, at * oncoming - passed, PAINTS[hash32(at, seed) % PAINTS.length]!, true);
  }
  return { things, cars };
}

/** A triangle wave of period 2 and range −1 to 1: unlike a sine, the same bits on every machine. */
function swing(phase: number): number {
  const at = phase - 2 * Math.floor(phase / 2);
  return at < 1 ? 2 * at - 1 : 3 - 2 * at;
}
