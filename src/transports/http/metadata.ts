import { TransportError } from "../../core/errors.ts";
import type { ModelMetadata, ServerMetadata, TensorMetadata } from "../../core/metadata.ts";
import { arrayOf, datatypeOf, objectOf, textOf } from "../../core/oip/json-fields.ts";

/** Reads the answer to `GET /v2`. @throws {TransportError} INTERNAL when it is malformed. */
export function readServerMetadata(value: unknown): ServerMetadata {
  return answered(() => {
    const fields = objectOf(value, "server metadata");
    return {
      name: textOf(fields["name"], "name"),
      version: textOf(fields["version"] ?? "", "version"),
      // KServe's server, for one, writes null where it has nothing to say.
      extensions: arrayOf(fields["extensions"] ?? [], "extensions").map((name) => textOf(name, "extensions")),
    };
  });
}

/** Reads the answer to `GET /v2/models/…`. @throws {TransportError} INTERNAL when it is malformed. */
export function readModelMetadata(value: unknown): ModelMetadata {
  return answered(() => {
    const fields = objectOf(value, "model metadata");
    const properties = fields["properties"];
    const metadata = {
      name: textOf(fields["name"], "name"),
      versions: arrayOf(fields["versions"] ?? [], "versions").map((version) => textOf(version, "versions")),
      platform: textOf(fields["platform"] ?? "", "platform"),
      inputs: tensorsOf(fields["inputs"] ?? [], "inputs"),
      outputs: tensorsOf(fields["outputs"] ?? [], "outputs"),
    };
    if (properties === undefined || properties === null) return metadata;
    const texts = Object.entries(objectOf(properties, "properties")).map(
      ([name, text]) => [name, typeof text === "string" ? text : JSON.stringify(text)] as const,
    );
    return { ...metadata, properties: Object.fromEntries(texts) };
  });
}

function tensorsOf(value: unknown, where: string): readonly TensorMetadata[] {
  return arrayOf(value, where).map((element, i) => {
    const fields = objectOf(element, `${where}[${i}]`);
    return {
      name: textOf(fields["name"], `${where}[${i}].name`),
      datatype: datatypeOf(fields["datatype"], `${where}[${i}].datatype`),
      // Unlike the shape of a tensor, this one may have free dimensions (-1).
      shape: arrayOf(fields["shape"], `${where}[${i}].shape`).map(Number),
    };
  });
}

function answered<T>(read: () => T): T {
  try {
    return read();
  } catch (reason) {
    if (!(reason instanceof TransportError)) throw reason;
    throw new TransportError("INTERNAL", `the server's answer is malformed: ${reason.message}`, {
      cause: reason,
    });
  }
}
