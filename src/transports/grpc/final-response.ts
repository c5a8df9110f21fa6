import type { Parameters } from "../../core/parameters.ts";

/**
 * Triton's request parameter: the request's last response shall say that it is the last, even if that takes one without
 * outputs. A model that answers as often as it likes ("decoupled") cannot be waited for otherwise.
 *
 * @see https://github.com/triton-inference-server/server/blob/main/docs/user_guide/decoupled_models.md
 */
export const ASK_FINAL_RESPONSE = "triton_enable_empty_final_response";

/** The response parameter that says it. */
export const FINAL_RESPONSE = "triton_final_response";

/** Whether a request wants to be told which response is its last. */
export function asksFinalResponse(parameters: Parameters | undefined): boolean {
  return parameters?.[ASK_FINAL_RESPONSE] === true;
}
