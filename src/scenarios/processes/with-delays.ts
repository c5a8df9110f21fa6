import { DELAY_US } from "../../core/parameters.ts";
import type { Prepared } from "../../load/load-context.ts";
import type { FrameWork } from "../preparation.ts";

/**
 * The same work for a `delay` model whose requests each ask for a time of their own: request `idPrefix + i` for `delaysUs[i]`.
 * Other requests (the warm-up's) leave it to the model.
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
    const delayUs = request.id.startsWith(idPrefix)
      ? delaysUs[Number(request.id.slice(idPrefix.length))]
      : undefined;
    if (delayUs === undefined) return prepared;
    return {
      ...prepared,
      request: { ...request, parameters: { ...request.parameters, [DELAY_US]: delayUs } },
    };
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
