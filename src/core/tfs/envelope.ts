import { TransportError } from "../errors.ts";
import type { InferRequest } from "../inference.ts";
import type { TensorMetadata } from "../metadata.ts";
import { datatypeOf, objectOf, parametersOf, shapeOf, textOf } from "../oip/json-fields.ts";
import type { Parameters } from "../parameters.ts";
import type { Datatype, Tensor } from "../tensor.ts";

/**
 * HTTP header and gRPC metadata of a request and of its answer: what TensorFlow Serving's messages have no place for, as
 * JSON in ASCII. The bodies are TensorFlow Serving's own; foreign clients send no such header and foreign servers ignore it.
 */
export const REQUEST_HEADER = "wirebench-request";
export const RESPONSE_HEADER = "wirebench-response";
/** Of an answer with a model's metadata: its platform, versions and properties. */
export const MODEL_HEADER = "wirebench-model";

/** What is told of an input beside its values: JSON numbers have no datatype, and `[]` has no shape. */
export interface EnvelopeInput {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly parameters?: Parameters | undefined;
}

/** Of a request. Plain data that can be sent to another thread. */
export interface RequestEnvelope {
  readonly id: string;
  readonly parameters?: Parameters | undefined;
  /** By name. */
  readonly inputs: ReadonlyMap<string, EnvelopeInput>;
  /** gRPC: how the outputs shall travel; absent: as the server is set up. */
  readonly answers?: TensorForm | undefined;
}

/** `typed`: a list of numbers such as `float_val`; `tensor_content`: raw bytes. */
export const TENSOR_FORMS = ["typed", "tensor_content"] as const;
export type TensorForm = (typeof TENSOR_FORMS)[number];

/** Of an answer. */
export interface ResponseEnvelope {
  /** That answered. */
  readonly modelVersion: string;
  /** The stage durations among them. */
  readonly parameters: Parameters;
  /** The outputs in their order. */
  readonly outputs: readonly TensorMetadata[];
}

/** The header of a request. */
export function writeRequestEnvelope(request: InferRequest, answers?: TensorForm): string {
  const inputs = request.inputs.map(({ name, datatype, shape, parameters }) => [
    name,
    { datatype, shape, parameters },
  ]);
  return asciiJson({ id: request.id, parameters: request.parameters, inputs, answers });
}

/** @throws {TransportError} INVALID_ARGUMENT */
export function readRequestEnvelope(text: string): RequestEnvelope {
  const fields = objectOf(parse(text, REQUEST_HEADER), REQUEST_HEADER);
  const inputs = new Map<string, EnvelopeInput>();
  for (const entry of listOf(fields["inputs"] ?? [], REQUEST_HEADER)) {
    const [name, value] = listOf(entry, REQUEST_HEADER);
    const input = objectOf(value, REQUEST_HEADER);
    inputs.set(textOf(name, REQUEST_HEADER), {
      datatype: datatypeOf(input["datatype"], REQUEST_HEADER),
      shape: shapeOf(input["shape"], REQUEST_HEADER),
      parameters: parametersOf(input["parameters"], REQUEST_HEADER),
    });
  }
  const { id = "", answers } = fields;
  return {
    id: textOf(id, REQUEST_HEADER),
    parameters: parametersOf(fields["parameters"], REQUEST_HEADER),
    inputs,
    answers: TENSOR_FORMS.find((form) => form === answers),
  };
}

/** The header of an answer. */
export function writeResponseEnvelope({ modelVersion, parameters, outputs }: ResponseEnvelope): string {
  return asciiJson({ version: modelVersion, parameters, outputs });
}

/** What an answer's header says, `undefined` without one. @throws {TransportError} INTERNAL: it is the server's fault. */
export function readResponseEnvelope(text: unknown): ResponseEnvelope | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const fields = objectOf(parse(text, RESPONSE_HEADER), RESPONSE_HEADER);
    return {
      modelVersion: textOf(fields["version"], RESPONSE_HEADER),
      parameters: parametersOf(fields["parameters"], RESPONSE_HEADER) ?? {},
      outputs: listOf(fields["outputs"], RESPONSE_HEADER).map((value) => {
        const output = objectOf(value, RESPONSE_HEADER);
        return {
          name: textOf(output["name"], RESPONSE_HEADER),
          datatype: datatypeOf(output["datatype"], RESPONSE_HEADER),
          shape: shapeOf(output["shape"], RESPONSE_HEADER),
        };
      }),
    };
  } catch (cause) {
    const { message } = TransportError.from(cause);
    throw new TransportError("INTERNAL", `the server's answer is malformed: ${message}`, { cause });
  }
}

/** Name, datatype and shape, without the bytes. */
export function describeTensors(tensors: readonly Tensor[]): readonly TensorMetadata[] {
  return tensors.map(({ name, datatype, shape }) => ({ name, datatype, shape }));
}

/** JSON that fits into a header: everything beyond ASCII is escaped. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\u0020-\u007e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TransportError("INVALID_ARGUMENT", `${what}: not JSON`, { cause });
  }
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TransportError("INVALID_ARGUMENT", `${what}: expected a list`);
}
