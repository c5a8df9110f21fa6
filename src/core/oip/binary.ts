import { TransportError } from "../errors.ts";
import type { Parameters } from "../parameters.ts";

/** Parameter of a tensor in the JSON: its data are this many bytes of the binary part. */
export const BINARY_DATA_SIZE = "binary_data_size";
/** Parameter of a requested output: whether its data shall be in the binary part. */
export const BINARY_DATA = "binary_data";
/** Parameter of a request: the same for every output that does not say otherwise. */
export const BINARY_DATA_OUTPUT = "binary_data_output";

/** Which outputs a caller wants in the binary part; plain data that can be sent to another thread. */
export interface BinaryPreference {
  /** `binary_data_output`; false when the request does not say. */
  readonly byDefault: boolean;
  /** `binary_data` of single outputs; it wins over the default. */
  readonly byName: ReadonlyMap<string, boolean>;
}

/** Whether a caller wants this output in the binary part. */
export function isBinaryOutput(preference: BinaryPreference, name: string): boolean {
  return preference.byName.get(name) ?? preference.byDefault;
}

/**
 * The part of a body behind its JSON: tensors one after another without padding, taken in the order in which the JSON
 * lists them. Tensors are views into the body, never copies.
 *
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
 */
export class BinaryPart {
  readonly #body: Uint8Array;
  #at: number;

  /** @param headerBytes - bytes of the JSON part, at most the length of `body`. */
  constructor(body: Uint8Array, headerBytes: number) {
    this.#body = body;
    this.#at = headerBytes;
  }

  /**
   * The next tensor's bytes.
   * @throws {TransportError} INVALID_ARGUMENT when fewer are left, or the size is no byte count.
   */
  take(sizeBytes: unknown, name: string): Uint8Array {
    if (typeof sizeBytes !== "number" || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
      throw new TransportError(
        "INVALID_ARGUMENT",
        `tensor '${name}': ${BINARY_DATA_SIZE} must be a number of bytes, got ${JSON.stringify(sizeBytes)}`,
      );
    }
    const left = this.#body.byteLength - this.#at;
    if (sizeBytes > left) {
      throw new TransportError(
        "INVALID_ARGUMENT",
        `tensor '${name}': expected ${sizeBytes} bytes in the binary part, got ${left}`,
      );
    }
    this.#at += sizeBytes;
    return this.#body.subarray(this.#at - sizeBytes, this.#at);
  }

  /** @throws {TransportError} INVALID_ARGUMENT when bytes are left that no tensor claims. */
  end(): void {
    const left = this.#body.byteLength - this.#at;
    if (left > 0) {
      throw new TransportError("INVALID_ARGUMENT", `${left} bytes are left behind the last binary tensor`);
    }
  }
}

/**
 * Checks where the JSON part of a body ends.
 *
 * @throws {TransportError} INVALID_ARGUMENT when it is no number of bytes, or longer than the body.
 */
export function checkHeaderBytes(headerBytes: number, bodyBytes: number): void {
  if (!Number.isSafeInteger(headerBytes) || headerBytes < 0) {
    throw new TransportError("INVALID_ARGUMENT", "the length of the JSON part is not a number of bytes");
  }
  if (headerBytes > bodyBytes) {
    throw new TransportError(
      "INVALID_ARGUMENT",
      `the JSON part is said to have ${headerBytes} bytes, but the body has ${bodyBytes}`,
    );
  }
}

/** The parameters without one that only describes the form on the wire; `undefined` when none is left. */
export function withoutParameter(parameters: Parameters | undefined, name: string): Parameters | undefined {
  if (parameters === undefined || !Object.hasOwn(parameters, name)) return parameters;
  if (Object.keys(parameters).length === 1) return undefined;
  return Object.fromEntries(Object.entries(parameters).filter(([key]) => key !== name));
}
