import { openColumns, type PackedColumns, packColumns } from "./column-store.ts";
import type { RunRecord } from "./run-record.ts";

/**
 * A record as it crosses processes by advanced serialization: only the columns that were written, as compact as they were
 * kept. Plain data.
 */
export type PackedRecord = Omit<RunRecord, "columns"> & { readonly columns: PackedColumns };

export function packRecord(record: RunRecord): PackedRecord {
  return { ...record, columns: packColumns(record.columns) };
}

export function unpackRecord(packed: PackedRecord): RunRecord {
  return { ...packed, columns: openColumns(packed.columns, packed.rows) };
}
