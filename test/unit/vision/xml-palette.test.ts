import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CITYSCAPES_PALETTE } from "../../../src/vision/palette.ts";
import { paletteOfClasses, parseXmlPalette } from "../../../src/vision/xml-palette.ts";

const wrap = (body: string): string => `<IKALabelDefinition>\n${body}\n</IKALabelDefinition>\n`;
const label = (name: string, colour: string, id: string): string =>
  `\t<SLabel fromColour="${colour}" toValue="${id}" Name="${name}"/>`;
const parse = (xml: string) => parseXmlPalette(xml, "p.xml");

describe("parseXmlPalette", () => {
  it("reads labels in order; the first colour of an id wins, ids between have none", () => {
    const { labels, palette } = parse(
      wrap(
        [
          label("Building", "70 70 70", "2"),
          label("Wall", "102 102 156", "2"),
          label("Road", "128 64 128", "0"),
        ].join("\n"),
      ),
    );
    expect(labels.map(({ name, id }) => [name, id])).toEqual([
      ["Building", 2],
      ["Wall", 2],
      ["Road", 0],
    ]);
    expect(palette).toEqual([[128, 64, 128], undefined, [70, 70, 70]]);
  });

  it("takes a declaration, comments, either quote, closing tags, entities and a byte order mark", () => {
    const xml = `\uFEFF<?xml version="1.0"?>\r\n<!-- <SLabel/> -->\n<IKALabelDefinition version='1'>
      <SLabel Name='a &amp; b &#x41;' toValue="1" fromColour=" 1  2 3 "></SLabel><!-- end -->
      </IKALabelDefinition>\n`;
    expect(parse(xml).labels).toEqual([{ name: "a & b A", colour: [1, 2, 3], id: 1 }]);
  });

  it.each([
    ["", /p\.xml: line 1: expected <IKALabelDefinition>, got the end of the file/],
    ["<Other/>", /line 1: expected <IKALabelDefinition>, got '<Other\/>'/],
    [wrap(""), /p\.xml: there is no SLabel/],
    ["<IKALabelDefinition/>", /there is no SLabel/],
    [wrap("<Label/>"), /line 2: expected <SLabel/],
    [wrap("text"), /line 2: expected <SLabel .* got 'text'/],
    [wrap(label("a", "1 2 3", "0")).replace("</IKALabelDefinition>", ""), /got the end of the file/],
    [`${wrap(label("a", "1 2 3", "0"))}more`, /line 4: expected the end of the file, got 'more'/],
    [wrap(`\n${label("a", "1 2", "0")}`), /line 3: fromColour must be three numbers .* got '1 2'/],
    [wrap(label("a", "1 2 256", "0")), /fromColour/],
    [wrap(label("a", "1 2 3 4", "0")), /fromColour/],
    [wrap(label("a", "1 2 3", "256")), /toValue must be .* got '256'/],
    [wrap(label("a", "1 2 3", "1.5")), /toValue/],
    [wrap('<SLabel Name="a" toValue="1"/>'), /has no fromColour/],
    [wrap('<SLabel Name="a" Name="b" toValue="1" fromColour="1 2 3"/>'), /Name is there twice/],
    [wrap(label("&nbsp;", "1 2 3", "0")), /'&nbsp;' is no entity/],
    [wrap(label("a & b", "1 2 3", "0")), /is no entity/],
    ["<!DOCTYPE x><IKALabelDefinition/>", /expected <IKALabelDefinition>/],
  ])("refuses %j", (xml, message) => {
    expect(() => parse(xml)).toThrow(message);
    expect(() => parse(xml)).toThrow(expect.objectContaining({ code: "ERR_INPUT" }));
  });

  it("gives back what was written", () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const entry = fc.record({
      name: fc.stringMatching(/^[\w &<>"']{0,12}$/),
      colour: fc.tuple(byte, byte, byte),
      id: byte,
    });
    const escaped = (text: string): string =>
      text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 20 }), (entries) => {
        const xml = wrap(
          entries
            .map(({ name, colour, id }) => label(escaped(name), colour.join(" "), String(id)))
            .join("\n"),
        );
        const { labels, palette } = parse(xml);
        expect(labels).toEqual(entries);
        for (const { id } of entries) {
          expect(palette[id]).toEqual(entries.find((other) => other.id === id)?.colour);
        }
      }),
    );
  });
});

describe("paletteOfClasses", () => {
  const file = parse(
    wrap(
      [label("Road", "1 1 1", "0"), label("Car", "2 2 2", "8"), label("Trailer", "3 3 3", "8")].join("\n"),
    ),
  );

  it("goes by names, whatever the numbers are", () => {
    expect(paletteOfClasses(file, ["trailer", "ROAD", "cow"])).toEqual({
      palette: [[2, 2, 2], [1, 1, 1], undefined],
      missing: ["cow"],
    });
  });

  it("is undefined when no name is known", () => {
    expect(paletteOfClasses(file, ["cow"])).toBeUndefined();
    expect(paletteOfClasses(file, [])).toBeUndefined();
  });
});

const FOLDER = fileURLToPath(new URL("../../../../shared/data/labels/", import.meta.url));
const REAL = `${FOLDER}convert_cityscapes_to_ika_reduced.xml`;

describe.skipIf(!existsSync(REAL))("the real reduced palette (skipped without ../shared/data)", () => {
  it("has 12 ids, and the street classes by their Cityscapes colours", () => {
    const file = parseXmlPalette(readFileSync(REAL, "utf8"), REAL);
    expect(file.palette).toHaveLength(12);
    expect(file.palette).not.toContain(undefined);
    expect(file.palette[7]).toEqual([255, 0, 0]);
    const classes = readFileSync(`${FOLDER}cityscapes_segmentation_labels.txt`, "utf8")
      .trim()
      .split("\n")
      .slice(1);
    expect(classes).toHaveLength(19);
    expect(paletteOfClasses(file, classes)?.missing).toEqual([]);
    // The file's own colours say that our table has each class at its place.
    const colourOf = new Map(file.labels.map(({ name, colour }) => [name.toLowerCase(), colour]));
    expect(classes.map((name) => colourOf.get(name))).toEqual(CITYSCAPES_PALETTE.slice(0, 19));
  });
});
