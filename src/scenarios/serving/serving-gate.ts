import { TransportError } from "../../core/errors.ts";
import type { ServingCore } from "../../core/serving-core.ts";

/** What the repository's load and unload do: nothing at all, or what they are asked. */
export const MODEL_CONTROLS = ["none", "explicit"] as const;
export type ModelControl = (typeof MODEL_CONTROLS)[number];

/** Loads or unloads a model in every process that serves it. @throws {TransportError} */
export type ChangeModel = (action: "load" | "unload", modelName: string) => Promise<void>;

/** A serving core that can stop taking requests before it is closed. */
export interface ServingGate {
  /** The same core for transports: not ready once it leaves, UNAVAILABLE for new requests once it drains. */
  readonly core: ServingCore;
  /** Requests that were taken and have no answer yet. */
  inFlight(): number;
  /** Not ready from now on; requests are still taken. Idempotent. */
  leave(): void;
  /**
   * Not ready from now on; waits for what was taken and fails what is left after the time with UNAVAILABLE. Later calls
   * wait for the first.
   *
   * @returns how many were left.
   */
  drain(timeoutMs: number): Promise<number>;
}

const DRAINING = "the server is draining: it takes no more requests";

/** Puts a gate in front of a core. @param change - how a model is loaded or unloaded; with `none` nobody may. */
export function createServingGate(
  core: ServingCore,
  { control, change }: { readonly control: ModelControl; readonly change: ChangeModel },
): ServingGate {
  const running = new Set<(reason: TransportError) => void>();
  let onIdle: (() => void) | undefined;
  let isLeaving = false;
  let draining: Promise<number> | undefined;

  const pass = <T>(infer: () => Promise<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (draining !== undefined) throw new TransportError("UNAVAILABLE", DRAINING);
      const leave = (): void => {
        if (running.delete(reject) && running.size === 0) onIdle?.();
      };
      running.add(reject);
      infer().then(
        (answer) => {
          leave();
          resolve(answer);
        },
        (reason: unknown) => {
          leave();
          reject(reason);
        },
      );
    });
  const changeModel = async (action: "load" | "unload", modelName: string): Promise<void> => {
    if (control === "none") {
      throw new TransportError(
        "UNIMPLEMENTED",
        `models are neither loaded nor unloaded here: the server runs with --model-control none`,
      );
    }
    await change(action, modelName);
  };
  const leave = (): void => {
    isLeaving = true;
  };
  const drain = async (timeoutMs: number): Promise<number> => {
    if (running.size === 0) return 0;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    const left = [...running];
    running.clear();
    for (const reject of left) {
      reject(new TransportError("UNAVAILABLE", `the server ended before the answer, after ${timeoutMs} ms`));
    }
    return left.length;
  };

  return {
    core: {
      serverMetadata: () => core.serverMetadata(),
      isReady: () => !isLeaving && core.isReady(),
      isModelReady: (name, version) => core.isModelReady(name, version) && !isLeaving,
      modelNames: () => core.modelNames(),
      modelMetadata: (name, version) => core.modelMetadata(name, version),
      modelConfiguration: (name, version) => core.modelConfiguration(name, version),
      statistics: (name, version) => core.statistics(name, version),
      repositoryIndex: () => core.repositoryIndex(),
      loadModel: (name) => changeModel("load", name),
      unloadModel: (name) => changeModel("unload", name),
      infer: (request, signal) => pass(() => core.infer(request, signal)),
      inferEncoded: (body, codec, context, signal) =>
        pass(() => core.inferEncoded(body, codec, context, signal)),
      close: () => core.close(),
    },
    inFlight: () => running.size,
    leave,
    drain(timeoutMs) {
      leave();
      draining ??= drain(timeoutMs);
      return draining;
    },
  };
}
