import { expect, it } from "vitest";
import { PROGRAMS, runProgram, script } from "./peer-programs.ts";

/**
 * Defines a test for each check of a script of `peers/` (see `checks.py`).
 *
 * @param names - of all its checks.
 * @param args - asked for when the first test runs.
 */
export function testPythonChecks(
  file: string,
  names: readonly string[],
  args: () => readonly string[],
): void {
  let results: Promise<Readonly<Record<string, string | null>>> | undefined;
  const run = async (): Promise<Readonly<Record<string, string | null>>> => {
    const output = await runProgram(PROGRAMS.clientsPython, [script(file), ...args()], {
      // The generated messages of one client are older than the newest protobuf library.
      env: { PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION: "python", PYTHONDONTWRITEBYTECODE: "1" },
      timeoutMs: 110_000,
    });
    const last = output.stdout.trim().split("\n").at(-1) ?? "";
    if (output.code !== 0 || !last.startsWith("{")) throw new Error(`${output.stdout}\n${output.stderr}`);
    return JSON.parse(last) as Record<string, string | null>;
  };
  it.each(names)("%s", async (name) => {
    results ??= run();
    expect((await results)[name]).toBeNull();
  });
  it("and no others", async () => {
    expect(Object.keys((await results) ?? {}).toSorted()).toEqual([...names].toSorted());
  });
}
