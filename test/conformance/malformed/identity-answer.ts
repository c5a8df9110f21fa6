/**
 * What the built-in model `identity` must answer to a request, worked out without any code of the servers: the bytes of its
 * input, or `undefined` where the request must be refused.
 */

const HEADER_LENGTH = "inference-header-content-length";

/** A V2 request body with its headers. */
export function answerToHttp(
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): Uint8Array | undefined {
  const announced = headers[HEADER_LENGTH];
  if (announced !== undefined && !/^\d+$/.test(announced)) return undefined;
  const headerBytes = announced === undefined ? body.byteLength : Number(announced);
  if (headerBytes > body.byteLength) return undefined;
  // A raw binary request.
  if (announced !== undefined && headerBytes === 0) return body;
  const request = parsed(body.subarray(0, headerBytes));
  // null is "absent", as clients write it that have a place for every member.
  if (!isObject(request) || typeof (request["id"] ?? "") !== "string") return undefined;
  if (!namesOutput(request["outputs"] ?? [])) return undefined;
  const inputs = request["inputs"];
  if (!Array.isArray(inputs) || inputs.length !== 1 || !isObject(inputs[0])) return undefined;
  const { name, datatype, shape, data, parameters } = inputs[0];
  const count = lengthOf(shape);
  if (name !== "input" || datatype !== "UINT8" || count === undefined) return undefined;
  const rest = body.subarray(headerBytes);
  if (data != null) {
    const bytes = flatBytes(data);
    return bytes?.byteLength === count && rest.byteLength === 0 ? bytes : undefined;
  }
  const size = isObject(parameters) ? parameters["binary_data_size"] : undefined;
  return size === count && rest.byteLength === count ? rest : undefined;
}

/** A TensorFlow Serving predict body. */
export function answerToPredict(body: Uint8Array): Uint8Array | undefined {
  const request = parsed(body);
  if (!isObject(request)) return undefined;
  const { instances, inputs } = request;
  if ((instances === undefined) === (inputs === undefined)) return undefined;
  if (inputs !== undefined) return rowOf(isObject(inputs) ? inputs["input"] : inputs);
  if (!Array.isArray(instances) || instances.length === 0) return undefined;
  return rowOf(instances.map((item: unknown) => (isObject(item) ? item["input"] : item)));
}

/** The fields of a ModelInferRequest that `identity` looks at, as a protobuf library reads them. */
export interface DecodedRequest {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly inputs: readonly {
    readonly name: string;
    readonly datatype: string;
    /** Numbers, or objects for 64 bits. */
    readonly shape: readonly unknown[];
    readonly contents?: Readonly<Record<string, readonly unknown[]>> | null;
  }[];
  readonly rawInputContents: readonly Uint8Array[];
  readonly outputs: readonly { readonly name: string }[];
}

/** A decoded ModelInferRequest. */
export function answerToMessage(request: DecodedRequest): Uint8Array | undefined {
  const [input] = request.inputs;
  if (request.modelName !== "identity" || request.inputs.length !== 1 || input === undefined)
    return undefined;
  if (request.modelVersion !== "" && Number(request.modelVersion) !== 1) return undefined;
  const count = lengthOf(input.shape.map((size) => Number(String(size))));
  if (input.name !== "input" || input.datatype !== "UINT8" || count === undefined) return undefined;
  if (!namesOutput(request.outputs)) return undefined;
  const [raw] = request.rawInputContents;
  const typed = Object.entries(input.contents ?? {}).filter(([, values]) => values.length > 0);
  if (raw !== undefined) {
    return request.rawInputContents.length === 1 && raw.byteLength === count ? raw : undefined;
  }
  const [field, values] = typed[0] ?? ["uintContents", []];
  const bytes = typed.length <= 1 && field === "uintContents" ? flatBytes(values) : undefined;
  return bytes?.byteLength === count ? bytes : undefined;
}

/** The elements that name the greatest of some bytes, the greatest first and of equal ones the first: `value:index`. */
export function classesOf(data: Uint8Array, count: number): readonly string[] {
  return Array.from(data, (value, index) => ({ value, index }))
    .toSorted((a, b) => b.value - a.value || a.index - b.index)
    .slice(0, count)
    .map(({ value, index }) => `${value}:${index}`);
}

/** Whether requested outputs are a list of the one that there is; an empty list asks for all. */
function namesOutput(outputs: unknown): boolean {
  return Array.isArray(outputs) && outputs.every((each) => isObject(each) && each["name"] === "output");
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** The one dimension of a shape. */
function lengthOf(shape: unknown): number | undefined {
  if (!Array.isArray(shape) || shape.length !== 1) return undefined;
  const count: unknown = shape[0];
  return typeof count === "number" && Number.isInteger(count) && count >= 0 ? count : undefined;
}

function rowOf(value: unknown): Uint8Array | undefined {
  return Array.isArray(value) && value.every((element) => typeof element === "number")
    ? flatBytes(value)
    : undefined;
}

/** Numbers of a byte each, nested or flat. */
function flatBytes(data: unknown): Uint8Array | undefined {
  if (!Array.isArray(data)) return undefined;
  const flat = data.flat(Number.POSITIVE_INFINITY) as unknown[];
  const areBytes = flat.every(
    (value) => typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 255,
  );
  return areBytes ? Uint8Array.from(flat as number[]) : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
