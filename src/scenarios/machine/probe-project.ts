import path from "node:path";
import { type Finding, finding } from "./finding.ts";
import type { Machine } from "./machine.ts";

const SAMPLE = "rosbag-samples/street.bag";
/** The zoo's models and a few results. */
const LEAST_FREE_BYTES = 500_000_000;

/** What the default bench reads and writes in the folder where the command runs. */
export function probeProject(machine: Machine): readonly Finding[] {
  return [
    probeSample(machine),
    probeFolder(machine, { id: "models", name: "Models", folder: "models", option: "--repository" }),
    probeFolder(machine, { id: "results", name: "Results", folder: "results", option: "--out" }),
    probeDisk(machine),
  ];
}

function probeSample(machine: Machine): Finding {
  const file = path.join(machine.folder, SAMPLE);
  if (machine.list(path.dirname(file)).includes(path.basename(file))) {
    return finding("sample-bag", "Default input", SAMPLE);
  }
  return finding("sample-bag", "Default input", `${SAMPLE} is missing`, {
    state: "problem",
    advice: "make it: npm run bags -- make (or run this in the project's folder)",
  });
}

/** A folder that is not there yet is made when it is needed: the one above must allow that. */
function probeFolder(
  machine: Machine,
  { id, name, folder, option }: Readonly<Record<"id" | "name" | "folder" | "option", string>>,
): Finding {
  const own = path.join(machine.folder, folder);
  const exists = machine.list(machine.folder).includes(folder);
  if (machine.canWrite(exists ? own : machine.folder)) {
    return finding(id, name, exists ? `${folder}/ can be written` : `${folder}/ will be made`);
  }
  return finding(id, name, `${folder}/ cannot be written`, {
    state: "problem",
    advice: `give the user the right to write there, or name another folder with ${option}`,
  });
}

function probeDisk(machine: Machine): Finding {
  const disk = machine.fileSystem(machine.folder);
  if (disk === undefined) return finding("disk", "Disk", "unknown");
  const found = `${Math.round(disk.freeBytes / 1e6)} MB free`;
  if (disk.freeBytes >= LEAST_FREE_BYTES) return finding("disk", "Disk", found);
  return finding("disk", "Disk", found, {
    state: "note",
    advice: `generated models and results want ${LEAST_FREE_BYTES / 1e6} MB`,
  });
}
