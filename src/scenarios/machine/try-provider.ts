import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { messageOf } from "../../core/errors.ts";

/** Whether an execution provider of ONNX Runtime works here. */
export type ProviderTrial =
  | { readonly works: true }
  | {
      readonly works: false;
      /** The runtime's reason, on one line. */
      readonly reason: string;
      /** A shared library that could not be loaded, where one is the reason. */
      readonly missingLibrary?: string | undefined;
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
    child.once("error", (error) => resolve({ works: false, reason: messageOf(error) }));
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
  const reason =
    typeof outcome === "string" ? sentence(outcome) : `the runtime's process ended by itself (${end})`;
  return { works: false, reason, missingLibrary: missingLibrary(errors) };
}

/** The runtime puts the place in its own source before the sentence that matters. */
function sentence(message: string): string {
  return message
    .replace(/^.* was false\. /, "")
    .replace(/\s+/g, " ")
    .slice(0, 200);
}

function missingLibrary(errors: string): string | undefined {
  return /(lib[\w.+-]*\.so[\w.]*): cannot open shared object file/.exec(errors)?.[1];
}
