import { expect, it } from "vitest";
import { formatMachineReport } from "../../../src/cli/doctor.ts";

it("prints a line for each finding and what to do under it", () => {
  const findings = [
    { id: "a", name: "Clock", state: "ok", found: "tsc" },
    { id: "b", name: "Node.js", state: "problem", found: "18.0.0", advice: "install a newer one" },
    { id: "c", name: "GPU", state: "note", found: "none", advice: "buy one" },
  ] as const;
  expect(formatMachineReport({ ready: false, findings }).split("\n")).toEqual([
    "ok       Clock    tsc",
    "problem  Node.js  18.0.0",
    "                  → install a newer one",
    "note     GPU      none",
    "                  → buy one",
    "",
    "The default bench cannot run here; problems: 1, notes: 1.",
  ]);
  expect(formatMachineReport({ ready: true, findings: [findings[0]] })).toMatch(
    /\n\nThe default bench can run here; notes: 0\.$/,
  );
});
