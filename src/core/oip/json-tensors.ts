import { checkTensor, type Tensor } from "../tensor.ts";
import { BINARY_DATA_SIZE, type BinaryPart, withoutParameter } from "./binary.ts";
import { readJsonData, writeJsonData } from "./json-data.ts";
import { datatypeOf, malformed, objectOf, optional, parametersOf, shapeOf, textOf } from "./json-fields.ts";
import { refuseSharedMemory } from "./shared-memory.ts";

/** A body in parts that are sent one after another: JSON first, then binary tensors by reference. */
export interface WrittenBody {
  readonly parts: readonly Uint8Array[];
  /** Bytes of the JSON. */
  readonly headerBytes: number;
  /** Bytes of all parts. */
  readonly totalBytes: number;
  /** Whether a binary part follows the JSON; it may be empty. */
  readonly hasBinary: boolean;
}

/** One member of `inputs` or `outputs`. @throws {TransportError} INVALID_ARGUMENT; UNIMPLEMENTED for shared memory */
export function readTensor(value: unknown, where: string, binary: BinaryPart): Tensor {
  const fields = objectOf(value, where);
  const name = textOf(fields["name"], `${where}.name`);
  const datatype = datatypeOf(fields["datatype"], `tensor '${name}': datatype`);
  const shape = shapeOf(fields["shape"], `tensor '${name}': shape`);
  const parameters = parametersOf(optional(fields, "parameters"), `tensor '${name}': parameters`);
  refuseSharedMemory(parameters, name);
  const hasBinary = parameters !== undefined && Object.hasOwn(parameters, BINARY_DATA_SIZE);
  const hasData = optional(fields, "data") !== undefined;
  if (hasBinary === hasData) {
    const found = hasData ? "both" : "neither";
    throw malformed(`tensor '${name}': expected either data or parameters.${BINARY_DATA_SIZE}, got ${found}`);
  }
  if (hasData)
    return { name, datatype, shape, data: readJsonData(fields["data"], datatype, shape, name), parameters };
  const data = binary.take(parameters?.[BINARY_DATA_SIZE], name);
  const tensor = { name, datatype, shape, data, parameters: withoutParameter(parameters, BINARY_DATA_SIZE) };
  checkTensor(tensor);
  return tensor;
}

/**
 * The JSON array of tensors, in pieces to be joined.
 *
 * @param binary - the data of those that `isBinary` says are appended here, by reference.
 */
export function writeTensors(
  tensors: readonly Tensor[],
  isBinary: (tensor: Tensor) => boolean,
  binary: Uint8Array[],
): string[] {
  const pieces: string[] = [];
  for (const tensor of tensors) {
    const { name, shape, datatype } = tensor;
    pieces.push(pieces.length === 0 ? "[" : ",");
    if (isBinary(tensor)) {
      binary.push(tensor.data);
      const parameters = { ...tensor.parameters, [BINARY_DATA_SIZE]: tensor.data.byteLength };
      pieces.push(JSON.stringify({ name, shape, datatype, parameters }));
    } else {
      const opening = JSON.stringify({ name, shape, datatype, parameters: tensor.parameters });
      pieces.push(opening.slice(0, -1), ',"data":');
      for (const piece of writeJsonData(tensor)) pieces.push(piece);
      pieces.push("}");
    }
  }
  return tensors.length === 0 ? ["[]"] : [...pieces, "]"];
}

/** Puts the parts of a body together. */
export function bodyOf(json: readonly Uint8Array[], binary: readonly Uint8Array[]): WrittenBody {
  const bytes = (parts: readonly Uint8Array[]): number =>
    parts.reduce((sum, part) => sum + part.byteLength, 0);
  const headerBytes = bytes(json);
  return {
    parts: [...json, ...binary],
    headerBytes,
    totalBytes: headerBytes + bytes(binary),
    hasBinary: binary.length > 0,
  };
}
