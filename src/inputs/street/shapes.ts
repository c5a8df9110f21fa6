import { hashUnit, smoothNoise } from "../noise.ts";
import { CLEAR, mixed, scaled } from "./colour.ts";

/** A flat thing: the colour at `across` (from its middle) and `up` (from the ground), metres, or {@link CLEAR}. */
export type Shape = (across: number, up: number) => number;

/** A car from behind, or from the front with its lights on. 1.8 m wide, 1.45 m high. */
export function carEnd(paint: number, isFront: boolean): Shape {
  return (across, up) => {
    const side = Math.abs(across);
    if (up < 0.32) return side > 0.55 && side < 0.84 ? 0x17181a : up > 0.2 && side < 0.86 ? 0x202124 : CLEAR;
    if (up > 1.45 || side > 0.9) return CLEAR;
    if (up > 0.92) {
      const cabin = 0.82 - (up - 0.92) * 0.34;
      if (side > cabin) return CLEAR;
      if (up > 1.36) return scaled(paint, 1.15);
      if (side < cabin - 0.09 && up > 0.97)
        return mixed(0x1c242c, 0x9db4c8, (up - 0.97) * (isFront ? 1.1 : 0.8));
      return scaled(paint, 0.95);
    }
    if (up > 0.86 && side > 0.84) return CLEAR;
    if (side > 0.56 && up > 0.64 && up < 0.82) return isFront ? 0xf2efe0 : side > 0.7 ? 0xc21f1f : 0x8f1616;
    if (side < 0.26 && up > 0.48 && up < 0.6) return 0xe6e6e0;
    if (isFront && side < 0.5 && up > 0.6 && up < 0.78) return 0x25272a;
    if (up < 0.46) return scaled(paint, 0.45);
    return scaled(paint, 0.75 + up * 0.3);
  };
}

/** A car from the side, 4.3 m long; `across` 0 is its tail. */
export function carSide(paint: number): Shape {
  return (across, up) => {
    for (const wheel of [0.82, 3.45]) {
      const dx = across - wheel;
      const dy = up - 0.33;
      const distance = dx * dx + dy * dy;
      if (distance < 0.04) return 0x9a9ca0;
      if (distance < 0.112) return 0x151618;
    }
    if (up < 0.24 || up > 1.44 || across < 0 || across > 4.3) return CLEAR;
    if (up > 0.88) {
      const from = 0.25 + (up - 0.88) * 0.55;
      const to = 3.15 - (up - 0.88) * 1.25;
      if (across < from || across > to) return CLEAR;
      const isPillar =
        up > 1.34 || across < from + 0.12 || across > to - 0.12 || Math.abs(across - 1.75) < 0.06;
      return isPillar || up < 0.94 ? scaled(paint, 0.92) : mixed(0x1b2229, 0x86a0b5, (up - 0.94) * 0.9);
    }
    const hood = across > 3.1 ? 0.88 - (across - 3.1) * 0.1 : 0.88;
    if (up > hood) return CLEAR;
    if (Math.abs(across - 1.75) < 0.018 || up < 0.34) return scaled(paint, 0.5);
    return scaled(paint, 0.7 + up * 0.28);
  };
}

/** Somebody walking, 1.75 m tall; `stride` −1 to 1 is how far the legs are apart. */
export function person(coat: number, trousers: number, stride: number): Shape {
  return (across, up) => {
    const dy = up - 1.61;
    const head = (across * across) / 0.0105 + (dy * dy) / 0.0185;
    if (head < 1) return dy > 0.04 ? 0x2e221a : 0xc99a7c;
    if (up >= 0.8 && up < 1.49) {
      const shoulder = up > 1.38 ? 0.25 - (up - 1.38) * 1.2 : 0.25 - (1.38 - up) * 0.08;
      const side = Math.abs(across);
      if (side < shoulder) return scaled(coat, side > shoulder - 0.07 ? 0.72 : 0.9 + across * 0.5);
      return CLEAR;
    }
    if (up < 0.8 && up > 0) {
      const spread = stride * 0.26 * (1 - up / 0.8);
      const left = Math.abs(across - 0.09 - spread);
      const right = Math.abs(across + 0.09 + spread);
      if (left < 0.085 || right < 0.085)
        return up < 0.09 ? 0x1b1a1a : scaled(trousers, left < right ? 1 : 0.8);
    }
    return CLEAR;
  };
}

/** A street tree, about 6 m. */
export function tree(seed: number): Shape {
  const lean = hashUnit(seed, 5) * 0.3 - 0.15;
  return (across, up) => {
    if (up > 1.6) {
      const dx = across - lean;
      const dy = (up - 4) * 0.82;
      const edge =
        smoothNoise(across * 1.6 + 50, up * 1.6, seed) * 0.9 +
        smoothNoise(across * 5 + 50, up * 5, seed) * 0.45;
      if (dx * dx + dy * dy < (1.15 + edge) * (1.15 + edge)) {
        const leaf = smoothNoise(across * 9 + 50, up * 9, seed + 1);
        return scaled(mixed(0x2f4a22, 0x7d9a48, leaf * 0.6 + (up - 2.5) * 0.14), leaf < 0.25 ? 0.7 : 1);
      }
    }
    const trunk = 0.13 + Math.max(0, 0.2 - up) * 0.4;
    return up < 3.4 && up >= 0 && Math.abs(across - lean * up * 0.25) < trunk
      ? scaled(0x5b4a3a, 0.9 + across)
      : CLEAR;
  };
}

/** A street lamp on the right of the road; its arm reaches over it. */
export const lamp: Shape = (across, up) => {
  if (up < 6.6 && up >= 0 && Math.abs(across) < 0.05 + Math.max(0, 0.9 - up) * 0.05) return 0x5d6265;
  if (up >= 6.5 && up < 6.6 && across > -1.7 && across < 0) return 0x5d6265;
  return up > 6.38 && up < 6.56 && across > -1.9 && across < -1.1 ? 0xd9dcd8 : CLEAR;
};

/** Traffic lights on a pole: 0 red, 1 amber, 2 green is lit. */
export function trafficLight(lit: 0 | 1 | 2): Shape {
  return (across, up) => {
    if (Math.abs(across) < 0.17 && up > 2.5 && up < 3.45) {
      for (const [at, bright, dark] of [
        [3.27, 0xff3a2e, 0x3a1210],
        [2.97, 0xffb52e, 0x3a2a10],
        [2.67, 0x37e07a, 0x0f3320],
      ] as const) {
        const dy = up - at;
        if (across * across + dy * dy < 0.0121) return [3.27, 2.97, 2.67].indexOf(at) === lit ? bright : dark;
      }
      return 0x1e2021;
    }
    return Math.abs(across) < 0.055 && up >= 0 && up < 2.5 ? 0x70757a : CLEAR;
  };
}

/** A round traffic sign: a speed limit. */
export const sign: Shape = (across, up) => {
  const dy = up - 2.3;
  const distance = across * across + dy * dy;
  if (distance < 0.09)
    return distance > 0.052
      ? 0xc8242b
      : Math.abs(dy) < 0.11 && Math.abs(Math.abs(across) - 0.08) < 0.045
        ? 0x1d1d1f
        : 0xf1f1ee;
  return Math.abs(across) < 0.035 && up >= 0 && up < 2.1 ? 0x8b9094 : CLEAR;
};
