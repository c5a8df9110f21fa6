/** Red, green, blue, each 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** The colour of each class id, by position; an id may be without one. */
export type Palette = readonly (Colour | undefined)[];

/**
 * Cityscapes' colours by trainId: road, sidewalk, building, wall, fence, pole, traffic light, traffic sign,
 * vegetation, terrain, sky, person, rider, car, truck, bus, train, motorcycle, bicycle; 19 is void.
 * @see https://github.com/mcordts/cityscapesScripts/blob/master/cityscapesscripts/helpers/labels.py
 */
export const CITYSCAPES_PALETTE: Palette = [
  [128, 64, 128],
  [244, 35, 232],
  [70, 70, 70],
  [102, 102, 156],
  [190, 153, 153],
  [153, 153, 153],
  [250, 170, 30],
  [220, 220, 0],
  [107, 142, 35],
  [152, 251, 152],
  [70, 130, 180],
  [220, 20, 60],
  [255, 0, 0],
  [0, 0, 142],
  [0, 0, 70],
  [0, 60, 100],
  [0, 80, 100],
  [0, 0, 230],
  [119, 11, 32],
  [0, 0, 0],
];

/** The five classes of the AI Edge Contest networks: background, lane, signal, pedestrian, car. */
export const AIEDGE_PALETTE: Palette = [
  [0, 0, 0],
  [69, 47, 142],
  [255, 255, 0],
  [255, 0, 0],
  [0, 0, 255],
];

/** The palettes that a user can ask for by name. */
export const NAMED_PALETTES = {
  cityscapes: CITYSCAPES_PALETTE,
  aiedge: AIEDGE_PALETTE,
} as const satisfies Readonly<Record<string, Palette>>;

export function isPaletteName(name: string): name is keyof typeof NAMED_PALETTES {
  return Object.hasOwn(NAMED_PALETTES, name);
}

/** The palette made for that number of classes; for other numbers, hues spread around the circle. */
export function paletteFor(classes: number): Palette {
  if (classes === AIEDGE_PALETTE.length) return AIEDGE_PALETTE;
  if (classes === 19 || classes === 20) return CITYSCAPES_PALETTE;
  return Array.from({ length: classes }, (_, id) => hue((id * 137.5) % 360));
}

/** A fully saturated colour of an angle in degrees. */
function hue(degrees: number): Colour {
  const part = (shift: number): number => {
    const at = (shift + degrees / 30) % 12;
    return Math.round(255 * (0.5 - 0.5 * Math.max(-1, Math.min(at - 3, 9 - at, 1))));
  };
  return [part(0), part(8), part(4)];
}
