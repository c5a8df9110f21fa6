import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const ROOT = new URL("../../../", import.meta.url);
const text = readFileSync(new URL("docs/interop.md", ROOT), "utf8");
const { scripts } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};

describe("docs/interop.md", () => {
  it("names tests that exist, and every test of test/interop", () => {
    const named = [
      ...text.matchAll(/`(?:test\/interop\/)?([\w-]+\.test\.ts)`|test\/interop\/([\w-]+\.test\.ts)/g),
    ].map(([, short, long]) => short ?? long ?? "");
    const there = readdirSync(new URL("test/interop", ROOT)).filter((name) => name.endsWith(".test.ts"));
    expect([...new Set(named)].toSorted()).toEqual(there.toSorted());
    for (const [path] of text.matchAll(/test\/conformance\/[\w-]+\.test\.ts/g)) {
      expect(existsSync(new URL(path, ROOT)), path).toBe(true);
    }
  });

  it("names scripts that exist", () => {
    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name = ""]) => name);
    expect(named).toContain("test:interop");
    for (const name of named) expect(Object.keys(scripts)).toContain(name);
  });
});
