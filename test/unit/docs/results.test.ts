import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { PEAK_FILES } from "../../../src/reporting/peak/write-peak.ts";
import { REQUEST_FILES } from "../../../src/reporting/requests-writer.ts";
import { RESULT_FILES } from "../../../src/reporting/write-results.ts";
import { CALIBRATION_FILE } from "../../../src/scenarios/calibration/calibration-store.ts";

const DOCS = fileURLToPath(new URL("../../../docs/", import.meta.url));
const text = readFileSync(`${DOCS}results.md`, "utf8");

describe("docs/results.md", () => {
  it("names every file of a results folder", () => {
    const files = [RESULT_FILES, REQUEST_FILES, PEAK_FILES].flatMap((names) => Object.values(names));
    for (const file of [...files, CALIBRATION_FILE]) expect(text).toContain(`| \`${file}\` |`);
  });

  it("links to nothing that is not there", () => {
    const methodology = readFileSync(`${DOCS}methodology.md`, "utf8");
    for (const [, file = "", anchor] of text.matchAll(/\]\(([\w.]+)(?:#([^)]+))?\)/g)) {
      expect(existsSync(`${DOCS}${file}`), file).toBe(true);
      if (anchor === undefined) continue;
      const number = anchor.split("-")[0] ?? "";
      expect(methodology).toMatch(new RegExp(`^## ${number}\\. `, "m"));
    }
  });
});
