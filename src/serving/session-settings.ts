import type { InferenceSession } from "onnxruntime-node";
import type { Device } from "../core/cell.ts";
import type { DeviceTurns } from "./device-turns.ts";
import type { ProviderName } from "./execution-provider.ts";

/** How ONNX Runtime sessions are made; all of it is plain data, so that it can be sent to a worker and reported. */
export interface SessionSettings {
  readonly device: Device;
  /** Threads within one operator. */
  readonly intraOpThreads: number;
  /** Threads across operators; 1, since execution is sequential. */
  readonly interOpThreads: number;
  /** Whether idle threads spin: faster alone, but they take the processor from everything else. */
  readonly allowSpinning: boolean;
  /** For WebGPU, whose sessions must not run at once in several threads of a process. @default none */
  readonly deviceTurns?: DeviceTurns | undefined;
}

/** ONNX Runtime's options of a session on one execution provider. */
export function sessionOptions(
  settings: SessionSettings,
  provider: ProviderName,
): InferenceSession.SessionOptions {
  const spinning = settings.allowSpinning ? "1" : "0";
  return {
    executionProviders: [provider],
    graphOptimizationLevel: "all",
    executionMode: "sequential",
    intraOpNumThreads: settings.intraOpThreads,
    interOpNumThreads: settings.interOpThreads,
    logSeverityLevel: 4,
    // The binding takes texts only, nested as the dots of `session.intra_op.allow_spinning`.
    extra: {
      session: { intra_op: { allow_spinning: spinning }, inter_op: { allow_spinning: spinning } },
    },
  };
}
