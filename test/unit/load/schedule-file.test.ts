import { expect, test } from "vitest";
import { parseSchedule, readScheduleFile } from "../../../src/load/schedule-file.ts";

test("times count from the first, exactly, since the epoch too", () => {
  const text = "# drive 7\n1700000000.000000001\r\n\n1700000000.1\n1700000001\n1700000001\n";
  expect([...parseSchedule(text, "t")]).toEqual([0, 99_999_999, 999_999_999, 999_999_999]);
  expect([...parseSchedule(".5\n1e0\n 2.25 ", "t")]).toEqual([0, 0.5e9, 1.75e9]);
});

test.each([
  ["1\n2\n1.5\n", "t.txt:3: goes backwards: 1.5 s after 2 s"],
  ["1\nNaN\n", "t.txt:2: expected a time in seconds, got 'NaN'"],
  ["1\n-2\n", "t.txt:2: expected a time in seconds, got '-2'"],
  ["1\ninf\n", "t.txt:2: expected a time in seconds, got 'inf'"],
  ["1, 2\n", "t.txt:1: expected a time in seconds, got '1, 2'"],
  ["1700000000000\n", "t.txt:1: expected a time in seconds"],
  ["", "t.txt: has no timestamp"],
  ["# nothing\n\n", "t.txt: has no timestamp"],
])("%j is refused", (text, message) => {
  expect(() => parseSchedule(text, "t.txt")).toThrow(message);
});

test("a file that is not there is named", async () => {
  await expect(readScheduleFile("/no/such/times.txt")).rejects.toThrow(/schedule: .*\/no\/such\/times.txt/);
});
