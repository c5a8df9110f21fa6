import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { messageOf } from "../../core/errors.ts";
import { providerFailure } from "../../serving/execution-provider.ts";
import { gpuEnvironment } from "./gpu-libraries.ts";

/** Whether an execution provider of ONNX Runtime works here. */
export type ProviderTrial =
  | { readonly works: true }
  | {
      readonly works: false;
      /** The runtime's reason, on one line. */
      readonly reason: string;
      /** Shared libraries that could not be loaded, where that is the reason; the first one stopped the runtime. */
      readonly missingLibraries: readonly string[];
    };

/** A software Vulkan device takes seconds even for a tiny model. */
const TIMEOUT_MS = 30_000;
/** The compiled entry: processes run only what was built. */
const ENTRY = fileURLToPath(new URL("./provider-trial.js", import.meta.url));

/**
 * Runs a tiny model on one execution provider (`cpu`, `webgpu`, `cuda`). In a process of its own: a broken driver may end
 * it, and which library is missing is told on its standard error only.
 */
export function tryProvider(provider: string): Promise<ProviderTrial> {
  return new Promise((resolve) => {
    const child = fork(ENTRY, [provider], {
      env: gpuEnvironment(process.env),
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      timeout: TIMEOUT_MS,
    });
    let errors = "";
    let outcome: unknown;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    child.on("message", (message) => {
      outcome = message;
    });
    child.once("error", (error) => resolve({ works: false, reason: messageOf(error), missingLibraries: [] }));
    child.once("close", (code, signal) => {
      resolve(trialOf(outcome, errors, signal === null ? `exit code ${code}` : `signal ${signal}`));
    });
  });
}

/**
 * What a trial's process told.
 * @param outcome - its message: the empty text when the model ran, else why not; anything else when it told nothing.
 * @param errors - its standard error.
 * @param end - how it ended.
 */
export function trialOf(outcome: unknown, errors: string, end: string): ProviderTrial {
  if (outcome === "") return { works: true };
  const symbol = /undefined symbol: (\w+)/.exec(errors)?.[1];
  if (symbol !== undefined) {
    const library = /^cu[A-Z]/.test(symbol) ? "NVIDIA's driver" : "a library";
    return { works: false, reason: `${library} is too old: it has no ${symbol}`, missingLibraries: [] };
  }
  const reason =
    typeof outcome === "string" ? providerFailure(outcome) : `the runtime's process ended by itself (${end})`;
  return { works: false, reason, missingLibraries: missingLibraries(errors) };
}

function missingLibraries(errors: string): readonly string[] {
  const found = errors.matchAll(/(lib[\w.+-]*\.so[\w.]*): cannot open shared object file/g);
  return [...new Set([...found].flatMap(([, name]) => name ?? []))];
}
