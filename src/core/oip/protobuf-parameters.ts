import type { ParameterValue } from "../parameters.ts";
import type { ProtobufReader } from "./protobuf-reader.ts";
import { FIXED64, LENGTH_DELIMITED, VARINT } from "./protobuf-writer.ts";

/**
 * Reads one entry of a `map<string, InferParameter>` into `into`; the reader stands on the entry's length. An entry
 * without a value is left out; 64-bit integers become numbers, exact within the safe integers.
 */
export function readParameter(reader: ProtobufReader, into: Record<string, ParameterValue>): void {
  const outer = reader.enter();
  let key = "";
  let value: ParameterValue | undefined;
  while (reader.next()) {
    if (reader.is(1, LENGTH_DELIMITED)) key = reader.text();
    else if (reader.is(2, LENGTH_DELIMITED)) value = readValue(reader) ?? value;
    else reader.skip();
  }
  reader.leave(outer);
  if (value === undefined) return;
  // An assignment to `__proto__` would be lost.
  if (key === "__proto__") {
    Object.defineProperty(into, key, { value, enumerable: true, configurable: true, writable: true });
  } else into[key] = value;
}

function readValue(reader: ProtobufReader): ParameterValue | undefined {
  const outer = reader.enter();
  let value: ParameterValue | undefined;
  while (reader.next()) {
    if (reader.is(1, VARINT)) {
      reader.varint();
      value = reader.low !== 0 || reader.high !== 0;
    } else if (reader.is(2, VARINT)) value = reader.int64();
    else if (reader.is(3, LENGTH_DELIMITED)) value = reader.text();
    else if (reader.is(4, FIXED64)) value = reader.double();
    else if (reader.is(5, VARINT)) value = reader.uint64();
    else reader.skip();
  }
  reader.leave(outer);
  return value;
}
