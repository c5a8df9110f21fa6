import { hash32, hashUnit, smoothNoise } from "../noise.ts";
import { mixed, packed, scaled } from "./colour.ts";

/** Metres from the street's middle to the facades, and to the kerb. */
export const FACADE_AT = 9.5;
export const KERB_AT = 5.6;
/** Zebra crossings lie across the street every so many metres. */
export const CROSSING_EVERY = 48;

const LOT_LENGTH = 12;
const PLASTER = [0xc9b48f, 0xa4604a, 0xd8cdb4, 0x9c9a94, 0xcfb56a, 0xb6bda3, 0x8d6a58, 0xe0d6c8] as const;

/** The sky in a direction: `up` 0 at the horizon to about 0.6 at the picture's top; with clouds. */
export function skyColour(across: number, up: number, seed: number): number {
  const blue = mixed(0xd3dde6, 0x6f9fd6, Math.min(1, up * 1.9));
  const stretch = 1 / (up + 0.18);
  const cloud =
    smoothNoise(across * 3 * stretch, stretch * 4, seed) * 0.6 +
    smoothNoise(across * 8 * stretch, stretch * 10, seed + 1) * 0.4;
  return mixed(blue, 0xf3f4f5, Math.max(0, Math.min(0.85, (cloud - 0.5) * 3)));
}

/** Height of the building at a place along the street, metres; 0 for a side street. */
export function buildingHeight(side: number, along: number, seed: number): number {
  const lot = Math.floor(along / LOT_LENGTH);
  const value = hash32(lot * 2 + (side > 0 ? 1 : 0), seed);
  return value % 7 === 0 ? 0 : 9.4 + (value % 4) * 3.1;
}

/** The facade at `along` metres and `up` metres above the ground. */
export function facadeColour(side: number, along: number, up: number, height: number, seed: number): number {
  const lot = Math.floor(along / LOT_LENGTH);
  const id = hash32(lot * 2 + (side > 0 ? 1 : 0), seed);
  const plaster = PLASTER[(id >>> 8) % PLASTER.length]!;
  const inLot = along - lot * LOT_LENGTH;
  // The sun stands on the left: the facades on the right are lit.
  const light = (side > 0 ? 1.08 : 0.62) * (0.94 + 0.12 * smoothNoise(along * 0.7, up * 0.7, seed + 2));
  if (inLot < 0.14) return scaled(plaster, light * 0.55);
  if (height - up < 0.45) return scaled(mixed(plaster, 0xffffff, 0.35), light);
  if (up < 3.4) return scaled(shopColour(inLot, up, id), light);
  const floor = Math.floor((up - 3.4) / 3.1);
  const inFloor = up - 3.4 - floor * 3.1;
  const bay = Math.floor(inLot / 2.4);
  const inBay = inLot - bay * 2.4;
  if (inBay > 0.62 && inBay < 1.78 && inFloor > 0.75 && inFloor < 2.45) {
    const isFrame =
      inBay < 0.72 || inBay > 1.68 || inFloor < 0.85 || inFloor > 2.35 || Math.abs(inBay - 1.2) < 0.045;
    if (isFrame) return scaled(0xe8e4da, light);
    const pane = hashUnit(lot * 64 + floor * 8 + bay, id);
    const glass = mixed(0x27313c, 0x8fa9c2, pane * 0.35 + (inFloor - 0.85) * 0.22);
    return pane > 0.78 && inFloor > 1.5 ? scaled(0xd9d0bd, light * 0.8) : scaled(glass, light);
  }
  if (inFloor < 0.12) return scaled(plaster, light * 0.8);
  return scaled(plaster, light);
}

/** The ground floor: doors, shop windows, a sign board above them. */
function shopColour(inLot: number, up: number, id: number): number {
  const sign = [0x7a2f2b, 0x29507a, 0x2f5a3c, 0xc8a23a, 0x3b3b3f][id % 5]!;
  if (up > 2.75) return up > 3.3 ? 0xcfc8b8 : sign;
  if (inLot > 5.4 && inLot < 6.6) return up < 2.4 ? 0x4a3628 : 0x8e8674;
  if (up < 0.5 || inLot < 0.6 || inLot > 11.5) return 0x6f6a62;
  return mixed(0x2b3036, 0x7d8d99, Math.min(1, (up - 0.5) * 0.3) + ((inLot * 3) % 1 < 0.06 ? 0.5 : 0));
}

/** The ground: `across` from the street's middle, `along` it, metres; `detail` 0 (far) to 1 fades what would alias. */
export function groundColour(across: number, along: number, detail: number, seed: number): number {
  const distance = Math.abs(across);
  const grain = (smoothNoise(across * 14, along * 14, seed + 3) - 0.5) * 26 * detail;
  const patches = (smoothNoise(across * 0.5, along * 0.22, seed + 4) - 0.5) * 22;
  const shadow = shadowAt(across, along, seed);
  if (distance > KERB_AT + 0.18 && distance < FACADE_AT) {
    const joint = (along + 1000) % 1.2 < 0.06 || (distance * 1.25) % 1 < 0.05 ? 22 * detail : 0;
    const value = 152 + grain * 0.6 + patches * 0.5 - joint;
    return scaled(packed(value + 4, value, value - 8), shadow);
  }
  if (distance > KERB_AT && distance <= KERB_AT + 0.18)
    return scaled(packed(176 + grain, 174 + grain, 168 + grain), shadow);
  const tracks = Math.max(0, 0.5 - Math.abs(Math.abs(distance - 1.85) - 0.8)) * 18;
  const asphalt = 92 + grain + patches - tracks;
  const road = packed(asphalt, asphalt + 1, asphalt + 4);
  return scaled(isPainted(distance, along) ? mixed(road, 0xe9e9e4, 0.82) : road, shadow);
}

/** Dashes in the middle, lines along the parking lanes, zebra crossings. */
function isPainted(distance: number, along: number): boolean {
  if (distance > KERB_AT) return false;
  const toCrossing = ((along % CROSSING_EVERY) + CROSSING_EVERY) % CROSSING_EVERY;
  if (toCrossing < 3.2) return distance < 5.2 && (distance + 0.3) % 1.1 < 0.55;
  if (toCrossing < 4.4) return false;
  if (toCrossing < 4.8) return distance < 3.4;
  return distance < 0.075 ? toCrossing % 6 < 3 : distance > 3.4 && distance < 3.53;
}

/** The buildings on the left throw their shadow over the pavement and a part of the road. */
function shadowAt(across: number, along: number, seed: number): number {
  const reach = -FACADE_AT + buildingHeight(-1, along + (across + FACADE_AT) * 0.4, seed) * 0.42;
  return Math.min(1, 0.56 + Math.max(0, (across - reach) * 4));
}
