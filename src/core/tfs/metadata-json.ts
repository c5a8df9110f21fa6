import { TransportError } from "../errors.ts";
import type { ModelMetadata, TensorMetadata } from "../metadata.ts";
import { arrayOf, objectOf, textOf } from "../oip/json-fields.ts";
import { datatypeOfName, tensorflowType } from "./data-type.ts";
import { asciiJson } from "./envelope.ts";
import type { VersionStatus } from "./find-model.ts";
import { SIGNATURE_NAME } from "./json-predict.ts";
import { PREDICT_METHOD, type Signature, tensorNameOf } from "./signature-def.ts";

/** The answer to a model's status. */
export function writeStatus(versions: readonly VersionStatus[]): object {
  return {
    model_version_status: versions.map(({ version, state }) => ({
      version,
      state,
      status: { error_code: "OK", error_message: "" },
    })),
  };
}

/** The answer to a model's metadata: protobuf's JSON, 64-bit numbers as texts. @param version - that answers. */
export function writeMetadata({ name, inputs, outputs }: ModelMetadata, version: string): object {
  const signature = {
    inputs: Object.fromEntries(inputs.map((tensor) => [tensor.name, writeInfo(tensor)])),
    outputs: Object.fromEntries(outputs.map((tensor) => [tensor.name, writeInfo(tensor)])),
    method_name: PREDICT_METHOD,
  };
  return {
    model_spec: { name, signature_name: "", version },
    metadata: { signature_def: { signature_def: { [SIGNATURE_NAME]: signature } } },
  };
}

function writeInfo({ name, datatype, shape }: TensorMetadata): object {
  return {
    dtype: tensorflowType(datatype).name,
    tensor_shape: { dim: shape.map((size) => ({ size: String(size), name: "" })), unknown_rank: false },
    name: tensorNameOf(name),
  };
}

/** Name, version and signature of the answer to a model's metadata. @throws {TransportError} INTERNAL when it is malformed. */
export function readMetadata(value: unknown): {
  readonly name: string;
  readonly version: string;
  readonly signature: Signature;
} {
  try {
    const fields = objectOf(value, "model metadata");
    const spec = objectOf(fields["model_spec"], "model_spec");
    const outer = objectOf(objectOf(fields["metadata"], "metadata")["signature_def"], "signature_def");
    const signatures = objectOf(outer["signature_def"], "signature_def");
    const entry =
      signatures[SIGNATURE_NAME] ??
      Object.values(signatures).find(
        (each) => objectOf(each, "signature_def")["method_name"] === PREDICT_METHOD,
      );
    const signature = objectOf(entry, `signature ${SIGNATURE_NAME}`);
    return {
      name: textOf(spec["name"], "model_spec.name"),
      version: textOf(spec["version"] ?? "", "model_spec.version"),
      signature: { inputs: readInfos(signature["inputs"]), outputs: readInfos(signature["outputs"]) },
    };
  } catch (cause) {
    const { message } = TransportError.from(cause);
    throw new TransportError("INTERNAL", `the server's metadata is malformed: ${message}`, { cause });
  }
}

function readInfos(value: unknown): readonly TensorMetadata[] {
  return Object.entries(objectOf(value ?? {}, "signature")).flatMap(([name, info]) => {
    const fields = objectOf(info, name);
    const datatype = datatypeOfName(textOf(fields["dtype"] ?? "DT_INVALID", `${name}.dtype`));
    if (datatype === undefined) return [];
    const shape = objectOf(fields["tensor_shape"] ?? {}, `${name}.tensor_shape`);
    const dims = arrayOf(shape["dim"] ?? [], `${name}.dim`);
    const sizes = dims.map((dim) => Number(objectOf(dim, `${name}.dim`)["size"] ?? 0));
    const unknownRank = shape["unknown_rank"] === true;
    return [{ name, datatype, shape: sizes, ...(unknownRank ? { unknownRank } : {}) }];
  });
}

/** What TensorFlow Serving's metadata has no place for, as a header of our own servers. */
export function writeModelHeader({ versions, platform, properties }: ModelMetadata): string {
  return asciiJson({ versions, platform, properties });
}

/** Completes what TensorFlow Serving tells of a model with our own header, where there is one. */
export function withModelHeader(
  told: { readonly name: string; readonly version: string; readonly signature: Signature },
  header: unknown,
): ModelMetadata {
  const { name, version, signature } = told;
  const base = { name, versions: version === "" ? [] : [version], platform: "tensorflow", ...signature };
  if (typeof header !== "string") return base;
  try {
    const { versions, platform, properties } = objectOf(JSON.parse(header), "header");
    return {
      ...base,
      versions: arrayOf(versions, "versions").map((each) => textOf(each, "versions")),
      platform: textOf(platform, "platform"),
      ...(properties === undefined
        ? {}
        : { properties: objectOf(properties, "properties") as Readonly<Record<string, string>> }),
    };
  } catch {
    // Not ours after all.
    return base;
  }
}
