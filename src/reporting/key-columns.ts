import { type CellKey, keyColumns } from "../core/cell.ts";

/** Which parts of their keys tell a table's rows apart, and which are said once above it. */
export interface KeySplit {
  /** A column with its value in each row; the empty text where the dimension does not exist. */
  readonly columns: readonly { readonly name: string; readonly values: readonly string[] }[];
  /** `model m1-small`, `protocol_version http 1.1, mqtt 3.1.1`. */
  readonly common: readonly string[];
}

/** Always columns, whether they differ or not: a row without them says nothing. */
const ALWAYS: readonly string[] = ["transport", "encoding"];

/**
 * What differs between the rows is a column, unless the transport alone decides it (a protocol's version, the connections
 * that `local` has not): then a column would say nothing new.
 */
export function splitKeys(keys: readonly CellKey[]): KeySplit {
  const all = keys.map(keyColumns);
  const columns: { name: string; values: readonly string[] }[] = [];
  const common: string[] = [];
  for (const [index, [name]] of (all[0] ?? []).entries()) {
    const values = all.map((key) => key[index]?.[1] ?? "");
    const perTransport = new Map(keys.map(({ transport }, row) => [transport, values[row] ?? ""]));
    const decided = keys.every(({ transport }, row) => perTransport.get(transport) === values[row]);
    const present = new Set(values.filter((value) => value !== ""));
    if (ALWAYS.includes(name) || (present.size > 0 && !decided)) {
      columns.push({ name, values });
    } else if (present.size === 1) {
      common.push(`${name} ${[...present].join()}`);
    } else if (present.size > 1) {
      const named = [...perTransport].filter(([, value]) => value !== "");
      common.push(`${name} ${named.map(([transport, value]) => `${transport} ${value}`).join(", ")}`);
    }
  }
  return { columns, common };
}
