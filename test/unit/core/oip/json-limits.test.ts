import { constants } from "node:buffer";
import { describe, expect, it } from "vitest";
import { parseInferRequest, parseInferResponse } from "../../../../src/core/oip/json.ts";

describe("JSON beyond what one string can hold", () => {
  // Never touched, so it takes no memory.
  const body = new Uint8Array(constants.MAX_STRING_LENGTH + 1);

  it("is said to be that, in an answer", () => {
    expect(() => parseInferResponse(body)).toThrow(
      expect.objectContaining({
        status: "RESOURCE_EXHAUSTED",
        message: expect.stringMatching(
          /the answer has \d+ bytes of JSON, more than one string .*binary/,
        ) as string,
      }),
    );
  });

  it("is said to be that, in a request", () => {
    const context = { modelName: "m", headerBytes: body.byteLength };
    expect(() => parseInferRequest(body, context)).toThrow(
      expect.objectContaining({ status: "RESOURCE_EXHAUSTED" }),
    );
  });
});
