import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { choosePalette } from "../../../../src/scenarios/inference/choose-palette.ts";
import { stageFiles } from "../../../../src/scenarios/inference/staged-files.ts";
import { AIEDGE_PALETTE, CITYSCAPES_PALETTE } from "../../../../src/vision/palette.ts";

const root = mkdtempSync(path.join(tmpdir(), "wirebench-files-"));
afterAll(() => rmSync(root, { recursive: true }));

describe("stageFiles", () => {
  it("shows files only when they are published, and leaves nothing else", async () => {
    const folder = path.join(root, "new", "deep");
    const files = await stageFiles(folder);
    await files.write("a.txt", "A");
    await files.write("b.bin", Uint8Array.of(1));
    expect(readdirSync(folder).filter((name) => !name.startsWith("."))).toEqual([]);
    expect(await files.publish()).toEqual([path.join(folder, "a.txt"), path.join(folder, "b.bin")]);
    await files.discard();
    expect(readdirSync(folder).sort()).toEqual(["a.txt", "b.bin"]);
    expect(readFileSync(path.join(folder, "a.txt"), "utf8")).toBe("A");
  });

  it("discards files together with the folders that were made, never those that were there", async () => {
    mkdirSync(path.join(root, "kept"));
    const files = await stageFiles(path.join(root, "kept", "made", "deeper"));
    await files.write("a.txt", "A");
    await files.discard();
    await files.discard();
    expect(readdirSync(path.join(root, "kept"))).toEqual([]);
    const others = await stageFiles(path.join(root, "kept"));
    await others.discard();
    expect(existsSync(path.join(root, "kept"))).toBe(true);
  });

  it("moves nothing when one place is taken by a folder", async () => {
    mkdirSync(path.join(root, "taken", "b.txt"), { recursive: true });
    const files = await stageFiles(path.join(root, "taken"));
    await files.write("a.txt", "A");
    await files.write("b.txt", "B");
    await expect(files.publish()).rejects.toThrow(/b\.txt: cannot be written: a folder has that name/);
    await files.discard();
    expect(readdirSync(path.join(root, "taken"))).toEqual(["b.txt"]);
  });

  it("refuses a file in the folder's place", async () => {
    writeFileSync(path.join(root, "file"), "");
    await expect(stageFiles(path.join(root, "file", "sub"))).rejects.toMatchObject({ code: "ERR_INPUT" });
    await expect(stageFiles(path.join(root, "file"))).rejects.toThrow(/file: cannot be written/);
  });
});

describe("choosePalette", () => {
  it("goes by the number of classes, or the name", async () => {
    const usual = await choosePalette(undefined);
    expect(usual.fit(Array.from({ length: 5 }, String), 2).palette).toBe(AIEDGE_PALETTE);
    const nameless = usual.fit([], 3).palette;
    expect(nameless).toHaveLength(256);
    expect(nameless.slice(0, 20)).toEqual(CITYSCAPES_PALETTE);
    expect(usual.fit([], 200).palette, "the same in every frame").toBe(nameless);
    expect(usual.fit(Array.from({ length: 20 }, String), 2).palette).toBe(CITYSCAPES_PALETTE);
    const named = await choosePalette("aiedge");
    expect(named.fit([], 5)).toEqual({ palette: AIEDGE_PALETTE, note: "" });
    expect(named.fit([], 19).note).toMatch(/5 colours, the model 19 classes/);
  });

  it("reads a file: by name where the model's classes have names in it, else by number", async () => {
    const file = path.join(root, "p.xml");
    writeFileSync(
      file,
      '<IKALabelDefinition><SLabel Name="Car" toValue="1" fromColour="9 9 9"/></IKALabelDefinition>',
    );
    const palette = await choosePalette(file);
    expect(palette.fit(["car", "cow"], 2)).toEqual({
      palette: [[9, 9, 9], undefined],
      note: "classes are matched with the palette by name; not in it, so without a colour: cow",
    });
    expect(palette.fit([], 2)).toEqual({ palette: [undefined, [9, 9, 9]], note: "" });
  });

  it("says what there is when a name is none", async () => {
    await expect(choosePalette("cityscape")).rejects.toThrow(
      /palette cityscape: cannot be read .*; expected cityscapes, aiedge or an XML file/,
    );
  });
});
