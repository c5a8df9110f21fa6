import type { Size } from "../../vision/resize.ts";
import { buildingHeight, FACADE_AT, facadeColour, groundColour, skyColour } from "./background.ts";
import { CLEAR, mixed, scaled } from "./colour.ts";
import { type CarSpot, streetThings, type Thing } from "./things.ts";

export interface StreetOptions extends Size {
  readonly seed: number;
  /** Since the first frame; the camera drives at 8 m/s. */
  readonly timeSec: number;
  /** Rays per pixel along each axis: 1 is quick and jagged, 2 is smooth. @default 1 */
  readonly raysPerAxis?: 1 | 2 | undefined;
}

/** Metres: the camera's height and its place in the right lane. */
const CAMERA_UP = 1.45;
const CAMERA_X = 1.9;
const SPEED_M_PER_SEC = 8;
const FAR_M = 130;
const NEAR_M = 0.8;
const HAZE = 0xcdd8e2;

/**
 * Renders a street as a car's front camera sees it: road, markings, pavements, facades, parked and moving cars,
 * trees, poles, people, sky. The same options give the same bytes on every machine: only +, −, ×, ÷ and integer
 * hashes are used.
 *
 * @returns RGB, uint8, `[heightPx, widthPx, 3]`, without noise.
 */
export function renderStreet(options: StreetOptions): Uint8Array {
  const { widthPx, heightPx, seed, timeSec, raysPerAxis = 1 } = options;
  const width = widthPx * raysPerAxis;
  const height = heightPx * raysPerAxis;
  const view: View = {
    width,
    height,
    colours: new Int32Array(width * height),
    focal: width * 0.78,
    centre: width * 0.5,
    horizon: height * 0.47,
    cameraZ: 12 + timeSec * SPEED_M_PER_SEC,
    seed,
  };
  const { things, cars } = streetThings(view.cameraZ, timeSec, FAR_M, seed);
  drawBackground(view, cars);
  // The painter's way: far things first. A car's side and end share their z and keep their order.
  for (const thing of [...things].sort((a, b) => b.z - a.z)) drawThing(view, thing);
  return averaged(view, options, raysPerAxis);
}

interface View {
  readonly width: number;
  readonly height: number;
  /** One packed colour per ray. */
  readonly colours: Int32Array;
  /** Rays; the tangent of an angle times this is a distance in the picture. */
  readonly focal: number;
  readonly centre: number;
  readonly horizon: number;
  readonly cameraZ: number;
  readonly seed: number;
}

function drawBackground(view: View, cars: readonly CarSpot[]): void {
  const { width, height, colours, focal, centre, horizon } = view;
  for (let y = 0; y < height; y++) {
    const up = (horizon - (y + 0.5)) / focal;
    for (let x = 0; x < width; x++)
      colours[y * width + x] = backgroundRay(view, (x + 0.5 - centre) / focal, up, cars);
  }
}

/** What a ray meets: the ground, a facade, or the sky. */
function backgroundRay(
  { cameraZ, seed, focal }: View,
  across: number,
  up: number,
  cars: readonly CarSpot[],
): number {
  const side = across < 0 ? -1 : 1;
  const toFacade =
    Math.abs(across) < 1e-6 ? Number.POSITIVE_INFINITY : (side * FACADE_AT - CAMERA_X) / across;
  const toGround = up < 0 ? -CAMERA_UP / up : Number.POSITIVE_INFINITY;
  if (toFacade < toGround && toFacade > 0 && toFacade < 2000) {
    const wallUp = CAMERA_UP + up * toFacade;
    const along = cameraZ + toFacade;
    const wall = buildingHeight(side, along, seed);
    if (wallUp < wall) return hazy(facadeColour(side, along, wallUp, wall, seed), toFacade);
  }
  if (up >= 0) return skyColour(across, up, seed);
  const x = CAMERA_X + across * toGround;
  const z = cameraZ + toGround;
  // One ray covers this many metres along the road: what is finer would only shimmer.
  const coveredM = (toGround * toGround) / (focal * CAMERA_UP);
  const ground = groundColour(x, z, Math.max(0, 1 - coveredM * 4), seed);
  return hazy(scaled(ground, shadeOfCars(x, z, cars)), toGround);
}

function shadeOfCars(x: number, z: number, cars: readonly CarSpot[]): number {
  for (const car of cars) {
    const beyond = Math.max(Math.abs(x - car.x) - 0.85, car.z - z, z - car.z - 4.3, 0);
    if (beyond < 0.4) return 0.42 + beyond * 1.45;
  }
  return 1;
}

function drawThing(view: View, thing: Thing): void {
  const { width, height, colours, focal, centre, horizon, cameraZ } = view;
  const near = Math.max(NEAR_M, thing.z - cameraZ);
  const far = thing.plane === "facing" ? thing.z - cameraZ : thing.z + thing.reach - cameraZ;
  if (far < NEAR_M || near > FAR_M) return;
  const x = thing.x - CAMERA_X;
  const edges =
    thing.plane === "facing" ? [(x - thing.reach) / near, (x + thing.reach) / near] : [x / near, x / far];
  const fromX = Math.max(0, Math.floor(centre + Math.min(...edges) * focal));
  const toX = Math.min(width - 1, Math.ceil(centre + Math.max(...edges) * focal));
  const fromY = Math.max(0, Math.floor(horizon - ((thing.heightM - CAMERA_UP) / near) * focal));
  const toY = Math.min(height - 1, Math.ceil(horizon + (CAMERA_UP / near) * focal));
  for (let column = fromX; column <= toX; column++) {
    const across = (column + 0.5 - centre) / focal;
    const distance = thing.plane === "facing" ? near : x / across;
    if (distance < near || distance > far) continue;
    const along = cameraZ + distance - thing.z;
    const place =
      thing.plane === "facing" ? across * distance - x : thing.isReversed ? thing.reach - along : along;
    for (let row = fromY; row <= toY; row++) {
      const up = CAMERA_UP + ((horizon - (row + 0.5)) / focal) * distance;
      const colour = thing.shape(place, up);
      if (colour !== CLEAR) colours[row * width + column] = hazy(scaled(colour, thing.light), distance);
    }
  }
}

function hazy(colour: number, distanceM: number): number {
  const part = distanceM / 210;
  return mixed(colour, HAZE, 1 - 1 / (1 + part * part));
}

function averaged({ width, colours }: View, { widthPx, heightPx }: Size, rays: number): Uint8Array {
  const rgb = new Uint8Array(widthPx * heightPx * 3);
  const count = rays * rays;
  for (let y = 0, at = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, at += 3) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let ray = 0; ray < count; ray++) {
        const colour = colours[(y * rays + ((ray / rays) | 0)) * width + x * rays + (ray % rays)]!;
        red += colour >> 16;
        green += (colour >> 8) & 255;
        blue += colour & 255;
      }
      rgb[at] = (red / count + 0.5) | 0;
      rgb[at + 1] = (green / count + 0.5) | 0;
      rgb[at + 2] = (blue / count + 0.5) | 0;
    }
  }
  return rgb;
}
