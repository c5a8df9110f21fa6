import { withParameters } from "../../core/inference.ts";
import { DELAY_US } from "../../core/parameters.ts";
import type { Prepared } from "../../load/load-context.ts";
import type { FrameWork } from "../preparation.ts";

/**
 * The same work for a `delay` model whose requests each ask for a time of their own: request `idPrefix + i` for `delaysUs[i]`.
 * Other requests (the warm-up's) ask for none: thousands of them in its time have the code compiled, as a few hundred that wait
 * have not.
 *
 * @param delaysUs - microseconds; absent: nothing is changed.
 */
export function withDelays(
  work: FrameWork,
  { delaysUs, idPrefix }: { readonly delaysUs?: readonly number[] | undefined; readonly idPrefix: string },
): FrameWork {
  if (delaysUs === undefined) return work;
  const { preparation } = work;
  const asked = (prepared: Prepared): Prepared => {
    const { request } = prepared;
    const delayUs = delaysUs[Number(request.id.slice(idPrefix.length))] ?? 0;
    return { ...prepared, request: withParameters(request, { [DELAY_US]: delayUs, ...request.parameters }) };
  };
  return {
    ...work,
    preparation: {
      ...preparation,
      prepare(frameIndex, id) {
        const prepared = preparation.prepare(frameIndex, id);
        return prepared instanceof Promise ? prepared.then(asked) : asked(prepared);
      },
    },
  };
}
