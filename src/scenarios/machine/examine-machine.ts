import { type Environment, readEnvironment } from "../environment.ts";
import type { Finding } from "./finding.ts";
import { type Machine, thisMachine } from "./machine.ts";
import { probeGpu } from "./probe-gpu.ts";
import { probeNetwork } from "./probe-network.ts";
import { probeProcessor } from "./probe-processor.ts";
import { probeProject } from "./probe-project.ts";
import { probeRuntime } from "./probe-runtime.ts";

/** What a machine can do. Plain data. */
export interface MachineReport {
  /** Nothing that the default bench needs is missing. */
  readonly ready: boolean;
  readonly findings: readonly Finding[];
}

/** What ONNX Runtime says that it was built with. */
export type Backends = readonly { readonly name: string; readonly bundled: boolean }[];

/** Looks at the machine that this process runs on; changes nothing, and takes a second or two. */
export async function examineThisMachine(folder: string): Promise<MachineReport> {
  return examineMachine(thisMachine(folder), readEnvironment(), await readBackends());
}

/** Looks at a machine. */
export async function examineMachine(
  machine: Machine,
  environment: Environment,
  backends: Backends,
): Promise<MachineReport> {
  const findings = [
    ...(await probeRuntime(machine, environment, backends)),
    ...probeGpu(machine, environment),
    ...probeProcessor(machine, environment),
    ...(await probeNetwork(machine)),
    ...probeProject(machine),
  ];
  return { ready: findings.every(({ state }) => state !== "problem"), findings };
}

async function readBackends(): Promise<Backends> {
  try {
    const { listSupportedBackends } = await import("onnxruntime-node");
    return listSupportedBackends();
  } catch {
    // A library that cannot be loaded is a finding, not the end of the examination.
    return [];
  }
}
