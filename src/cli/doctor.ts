import { Command } from "commander";
import { examineThisMachine, type MachineReport } from "../scenarios/machine/examine-machine.ts";

/** `doctor`: what this machine can do, and what to do about what it cannot. Exit code 1 when the default bench cannot run. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("Say what this machine can do, and what to do about what it cannot.")
    .option("--json", "print the findings as JSON", false)
    .addHelpText(
      "after",
      `
ok: nothing to do. note: limited, or absent and needed for something else than the default bench.
problem: the default bench cannot run like this; the exit code is then 1.

Examples:
  $ npm run doctor
  $ npm run --silent doctor -- --json`,
    )
    .action(async ({ json }: { readonly json: boolean }) => {
      const report = await examineThisMachine(process.cwd());
      console.log(json ? JSON.stringify(report, null, 2) : formatMachineReport(report));
      process.exitCode = report.ready ? 0 : 1;
    });
}

/** The lines that `doctor` prints: a line for each finding, and under it what to do. */
export function formatMachineReport({ ready, findings }: MachineReport): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.flatMap(({ name, state, found, advice }) => [
    `${state.padEnd(7)}  ${name.padEnd(width)}  ${found}`,
    ...(advice === undefined ? [] : [`${" ".repeat(9 + width)}  → ${advice}`]),
  ]);
  const count = (wanted: string): number => findings.filter(({ state }) => state === wanted).length;
  const end = ready
    ? `The default bench can run here; notes: ${count("note")}.`
    : `The default bench cannot run here; problems: ${count("problem")}, notes: ${count("note")}.`;
  return [...lines, "", end].join("\n");
}
