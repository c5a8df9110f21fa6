import { readFile } from "node:fs/promises";
import { InputError, messageOf } from "../../core/errors.ts";
import { isPaletteName, NAMED_PALETTES, type Palette, paletteFor } from "../../vision/palette.ts";
import { type LabelPalette, paletteOfClasses, parseXmlPalette } from "../../vision/xml-palette.ts";

/** A palette that is read but not yet fitted to a model. */
export interface ChosenPalette {
  /**
   * The colours of a model's classes.
   * @param labels - names of the model's classes; empty when they are not known.
   * @param classes - how many classes there are at least.
   */
  fit(
    labels: readonly string[],
    classes: number,
  ): {
    readonly palette: Palette;
    /** What a user should know: by what classes were matched, and which have no colour. */
    readonly note: string;
  };
}

/**
 * For classes whose number is not known: an id has the same colour in every frame. Street nets are the likely ones, so
 * Cityscapes' colours come first.
 */
const NAMELESS_PALETTE: Palette = [
  ...NAMED_PALETTES.cityscapes,
  ...paletteFor(256).slice(NAMED_PALETTES.cityscapes.length),
];

/** A palette file is small; anything larger is none. */
const MAX_CHARACTERS = 1_000_000;

/**
 * Reads the palette that was asked for.
 *
 * @param choice - `cityscapes`, `aiedge`, the path of an XML palette, or absent: by the number of the model's labels.
 * @throws {InputError} for a name that is none and a file that cannot be read.
 */
export async function choosePalette(choice: string | undefined): Promise<ChosenPalette> {
  if (choice === undefined) {
    return {
      fit: (labels) => ({
        palette: labels.length > 0 ? paletteFor(labels.length) : NAMELESS_PALETTE,
        note: "",
      }),
    };
  }
  if (isPaletteName(choice)) {
    const palette = NAMED_PALETTES[choice];
    return {
      fit: (labels, classes) => ({ palette, note: tooFew(palette, Math.max(labels.length, classes)) }),
    };
  }
  const file = await readPalette(choice);
  return {
    fit(labels, classes) {
      const fitted = paletteOfClasses(file, labels);
      if (fitted === undefined) return { palette: file.palette, note: tooFew(file.palette, classes) };
      const { palette, missing } = fitted;
      const without = missing.length === 0 ? "" : `; not in it, so without a colour: ${missing.join(", ")}`;
      return { palette, note: `classes are matched with the palette by name${without}` };
    },
  };
}

function tooFew(palette: Palette, classes: number): string {
  return classes > palette.length
    ? `the palette has ${palette.length} colours, the model ${classes} classes: the others have none`
    : "";
}

async function readPalette(path: string): Promise<LabelPalette> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const names = Object.keys(NAMED_PALETTES).join(", ");
    throw new InputError(
      `palette ${path}: cannot be read (${messageOf(cause)}); expected ${names} or an XML file`,
      {
        cause,
      },
    );
  }
  if (text.length > MAX_CHARACTERS) throw new InputError(`palette ${path}: too large to be a palette`);
  return parseXmlPalette(text, `palette ${path}`);
}
