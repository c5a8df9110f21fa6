import { InputError } from "../core/errors.ts";
import { type FlatElement, readFlatXml } from "./flat-xml.ts";
import type { Colour, Palette } from "./palette.ts";

/** A source label of a palette file: pixels of its colour mean the class `id`. */
export interface PaletteLabel {
  readonly name: string;
  readonly colour: Colour;
  /** 0 to 255; several labels may share one. */
  readonly id: number;
}

/** A palette file: what it lists, in its order, and the colour of each id. */
export interface LabelPalette {
  readonly labels: readonly PaletteLabel[];
  /** By id; of the labels that share one the first gives the colour. Ids that no label has are `undefined`. */
  readonly palette: Palette;
}

/**
 * Reads a palette of ika's format: `<IKALabelDefinition>` with an `<SLabel Name="…" fromColour="R G B" toValue="id"/>` for
 * each source label.
 *
 * @param where - what errors begin with, e.g. the file's path.
 * @throws {InputError} naming the line, what was expected and what was found.
 * @see https://github.com/ika-rwth-aachen/acdc (image segmentation workshop)
 */
export function parseXmlPalette(xml: string, where: string): LabelPalette {
  const labels = readFlatXml(xml, { where, root: "IKALabelDefinition", element: "SLabel" }).map((element) =>
    labelOf(element, where),
  );
  if (labels.length === 0) throw new InputError(`${where}: there is no SLabel in it`);
  const palette: (Colour | undefined)[] = [];
  for (const { id, colour } of labels) {
    while (palette.length <= id) palette.push(undefined);
    palette[id] ??= colour;
  }
  return { labels, palette };
}

/** How a palette file colours a model's classes. */
export interface FittedPalette {
  readonly palette: Palette;
  /** Classes whose names are not in the file; they have no colour. */
  readonly missing: readonly string[];
}

/**
 * The palette for a model whose classes are known by name: class by class the colour of the id that the file gives to
 * that name, whatever the class's own number is. Names are compared without regard to case.
 *
 * @returns `undefined` when no class is in the file: its ids are then to be taken for the model's.
 */
export function paletteOfClasses(file: LabelPalette, classes: readonly string[]): FittedPalette | undefined {
  const idOf = new Map<string, number>();
  for (const { name, id } of file.labels) {
    const key = name.trim().toLowerCase();
    if (!idOf.has(key)) idOf.set(key, id);
  }
  const ids = classes.map((name) => idOf.get(name.trim().toLowerCase()));
  if (ids.every((id) => id === undefined)) return undefined;
  return {
    palette: ids.map((id) => (id === undefined ? undefined : file.palette[id])),
    missing: classes.filter((_, at) => ids[at] === undefined),
  };
}

function labelOf({ attributes, line }: FlatElement, where: string): PaletteLabel {
  const attribute = (name: string): string => {
    const value = attributes.get(name);
    if (value === undefined) throw new InputError(`${where}: line ${line}: the SLabel has no ${name}`);
    return value;
  };
  const byte = (text: string): number | undefined =>
    /^\d{1,3}$/.test(text) && Number(text) <= 255 ? Number(text) : undefined;
  const name = attribute("Name");
  const [red, green, blue, ...more] = attribute("fromColour").trim().split(/\s+/).map(byte);
  if (red === undefined || green === undefined || blue === undefined || more.length > 0) {
    throw new InputError(
      `${where}: line ${line}: fromColour must be three numbers from 0 to 255, got '${attribute("fromColour")}'`,
    );
  }
  const id = byte(attribute("toValue").trim());
  if (id === undefined) {
    throw new InputError(
      `${where}: line ${line}: toValue must be a whole number from 0 to 255, got '${attribute("toValue")}'`,
    );
  }
  return { name, colour: [red, green, blue], id };
}
