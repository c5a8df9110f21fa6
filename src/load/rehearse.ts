import type { InferRequest } from "../core/inference.ts";
import type { RehearsalResult } from "../recording/cell-result.ts";
import { runClosedLoop } from "./closed-loop.ts";
import type { LoadContext } from "./load-context.ts";
import type { WarmUpRule } from "./warm-up.ts";

/**
 * What is sent before the warm-up: so many small requests, one after the other, to the built-in model that answers its input.
 * V8 compiles code after thousands of calls; a net that takes 20 ms is asked 150 times in a warm-up of 3 s, and what client and
 * server do for each request then takes 1.6 times as long as after 2,500 requests.
 */
export const REHEARSAL = { model: "identity", bytes: 256, requests: 4_000, mostMs: 4_500 } as const;

/** Whether a run with this warm-up has a rehearsal. */
export function rehearses({ kind }: WarmUpRule): boolean {
  return kind === "auto";
}

/** What a load context has beside the work on frames. */
export type RehearsalContext = Pick<
  LoadContext,
  "clients" | "recorder" | "clock" | "timeoutMs" | "idPrefix" | "signal"
>;

/**
 * Sends the rehearsal's requests over the context's clients. Failures do not end it.
 *
 * @param context - with a recorder and an id prefix of its own.
 */
export async function rehearse(context: RehearsalContext): Promise<RehearsalResult> {
  const { clients, recorder, clock, timeoutMs, idPrefix, signal } = context;
  const { model, bytes, requests, mostMs } = REHEARSAL;
  const inputs: InferRequest["inputs"] = [
    { name: "input", datatype: "UINT8", shape: [bytes], data: new Uint8Array(bytes) },
  ];
  let answered = 0;
  const record = await runClosedLoop(
    {
      ...{ clients, recorder, clock, timeoutMs, idPrefix, signal },
      frameCount: 1,
      prepare: (_, id) => ({ request: { modelName: model, id, inputs } }),
    },
    {
      // A request a turn of the event loop, as at the low rates that it is for.
      concurrency: 1,
      stop: { durationMs: mostMs },
      endsEarly: () => {
        answered += 1;
        return answered >= requests;
      },
    },
  );
  return { requests: answered, durationMs: (record.windowEndNs - record.windowStartNs) / 1e6 };
}
