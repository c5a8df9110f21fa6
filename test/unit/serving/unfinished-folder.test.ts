import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeUnfinishedFolder } from "../../../src/serving/unfinished-folder.ts";

/** Beyond the largest that Linux gives. */
const DEAD_PID = 2 ** 22 + 1;

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(path.join(tmpdir(), "wirebench-unfinished-"));
});
afterEach(() => rmSync(parent, { recursive: true }));

it("removes what a killed process left, but not what a living one writes", async () => {
  const first = path.basename(await makeUnfinishedFolder(parent));
  expect(first).toMatch(/^\.wirebench-.+-\w{6}$/);
  const dead = path.join(parent, first.replace(`-${process.pid}-`, `-${DEAD_PID}-`));
  const other = first.replace(`-${process.pid}-`, `-${process.ppid}-`);
  mkdirSync(dead);
  writeFileSync(path.join(dead, "half.bin"), "half");
  mkdirSync(path.join(parent, other));
  const second = path.basename(await makeUnfinishedFolder(parent));
  expect(readdirSync(parent).sort()).toEqual([first, other, second].sort());
});

it("leaves alone what belongs to another host, to the user, or to nobody it knows", async () => {
  const names = [`.wirebench-elsewhere_${DEAD_PID}-${DEAD_PID}-abcdef`, ".wirebench-notes", "model", ".git"];
  for (const name of names) mkdirSync(path.join(parent, name));
  await makeUnfinishedFolder(parent);
  expect(readdirSync(parent)).toEqual(expect.arrayContaining(names));
});
