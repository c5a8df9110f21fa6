import { TransportError } from "../../core/errors.ts";
import type { ServingCore } from "../../core/serving-core.ts";
import type { ChangeModel } from "./serving-gate.ts";
import type { ModelOrder, ModelOutcome } from "./serving-spec.ts";
import { within } from "./within.ts";

/** A process's side of loading and unloading: it asks the conductor, which asks every process, this one too. */
export interface ModelOrders {
  readonly change: ChangeModel;
  /** The conductor's word on an order of {@link change}. */
  settle(number: number, outcome: ModelOutcome): void;
}

/** @param send - tells the conductor. */
export function createModelOrders(send: (order: ModelOrder) => void): ModelOrders {
  const waiting = new Map<number, (outcome: ModelOutcome) => void>();
  let next = 0;
  return {
    async change(action, modelName) {
      const number = next++;
      const { failure } = await new Promise<ModelOutcome>((resolve) => {
        waiting.set(number, resolve);
        send({ number, action, modelName });
      });
      if (failure !== undefined) throw new TransportError(failure.status, failure.message);
    },
    settle(number, outcome) {
      waiting.get(number)?.(outcome);
      waiting.delete(number);
    },
  };
}

/** Carries an order out in this process; its failure is the answer. */
export async function carryOutOrder(
  core: ServingCore,
  { action, modelName }: Pick<ModelOrder, "action" | "modelName">,
): Promise<ModelOutcome> {
  try {
    await (action === "load" ? core.loadModel(modelName) : core.unloadModel(modelName));
    return {};
  } catch (reason) {
    const { status, message } = TransportError.from(reason, "INTERNAL");
    return { failure: { status, message } };
  }
}

/** Loading may make an engine for a GPU, which takes minutes. */
const ORDER_TIMEOUT_MS = 10 * 60_000;

/** What a process answers to an order; that it did not answer in time is a failure of the order, too. */
export async function outcomeInTime(
  answer: Promise<ModelOutcome>,
  timeoutMs = ORDER_TIMEOUT_MS,
): Promise<ModelOutcome> {
  const outcome = await within(timeoutMs, answer);
  if (outcome !== undefined) return outcome;
  const message = `a worker did not answer within ${timeoutMs / 1_000} s`;
  return { failure: { status: "DEADLINE_EXCEEDED", message } };
}
