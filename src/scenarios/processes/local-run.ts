import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { messageOf, ServingError } from "../../core/errors.ts";
import type { InferRequest } from "../../core/inference.ts";
import type { ModelMetadata } from "../../core/metadata.ts";
import type { Tensor } from "../../core/tensor.ts";
import { openSession } from "../../serving/onnx-session.ts";

/** A model file on the calling thread, in the place of a server that is said to run it. */
export interface LocalRun {
  readonly executionProvider: string;
  readonly threads: number;
  /** The outputs that the server describes, by its names and in its order. */
  infer(request: InferRequest): Promise<readonly Tensor[]>;
  release(): Promise<void>;
}

/**
 * Opens the file on the CPU. Inputs and outputs are matched by name; where the names differ and there are equally many, in order.
 * @throws {ServingError} ERR_MODEL when the file cannot be read or run, or has other inputs and outputs than the server tells.
 */
export async function openLocalRun(
  file: string,
  { inputs, outputs }: ModelMetadata,
  threads = availableParallelism(),
): Promise<LocalRun> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new ServingError("ERR_MODEL", `--reference ${file}: ${messageOf(cause)}`, { cause });
  });
  const settings = {
    device: "cpu",
    intraOpThreads: threads,
    interOpThreads: 1,
    allowSpinning: false,
  } as const;
  const session = await openSession(bytes, `--reference ${basename(file)}`, settings);
  const names = (list: readonly { readonly name: string }[]): readonly string[] =>
    list.map(({ name }) => name);
  const match = (what: string, theirs: readonly string[], own: readonly string[]): readonly string[] => {
    if (theirs.length === 0) return own;
    if (theirs.every((name) => own.includes(name))) return theirs;
    if (theirs.length === own.length) return own;
    throw new ServingError(
      "ERR_MODEL",
      `--reference ${basename(file)} has the ${what} ${own.join(", ")}, the server's model ${theirs.join(", ")}`,
    );
  };
  const fed = match("inputs", names(inputs), session.inputNames);
  const asked = match("outputs", names(outputs), session.outputNames);
  return {
    executionProvider: session.executionProvider,
    threads,
    async infer(request) {
      const feeds = request.inputs.map((tensor, i) => ({
        ...tensor,
        name: session.inputNames.includes(tensor.name) ? tensor.name : (fed[i] ?? tensor.name),
      }));
      const found = await session.run(feeds, asked).catch((cause: unknown) => {
        throw new ServingError(
          "ERR_MODEL",
          `--reference ${basename(file)} cannot take what the server's model is sent: ${messageOf(cause)}`,
          { cause },
        );
      });
      return found.map((tensor, i) => ({ ...tensor, name: outputs[i]?.name ?? tensor.name }));
    },
    release: () => session.release(),
  };
}
