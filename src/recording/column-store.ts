import { COLUMNS, type Column, type Columns } from "./run-record.ts";

/** Numbers of one column as they are kept: integers that need few bits in few, everything timed to the nanosecond. */
export type ColumnArray = Float64Array | Uint32Array | Uint16Array | Uint8Array;

/** Columns of a fixed number of rows; a column that was never written is not there. */
export type Chunk = { -readonly [C in Column]: ColumnArray | undefined };

/** A record's columns as they cross processes: the parts of what was written, in the order of rows. Plain data. */
export type PackedColumns = readonly {
  readonly column: Column;
  /** One a chunk; absent where nothing was written in it. */
  readonly parts: readonly (ColumnArray | undefined)[];
}[];

/** Rows of a chunk; a power of two, so that a row is found by shifting. */
export const CHUNK_ROWS = 4096;

/** Columns that every request of every run writes. */
const ALWAYS: readonly Column[] = [
  "frame",
  "client",
  "intendedNs",
  "startNs",
  "sentNs",
  "receivedNs",
  "doneNs",
  "requestPayloadBytes",
  "responsePayloadBytes",
  "status",
  "dropped",
];

/**
 * Bytes of a number in a column of whole numbers; all others are Float64: marks are nanoseconds since boot, which a
 * Float64 holds exactly for 104 days and nothing shorter does for more than seconds.
 */
const WHOLE: Readonly<Partial<Record<Column, 1 | 2 | 4>>> = {
  frame: 4,
  client: 2,
  vehicle: 2,
  requestPayloadBytes: 4,
  responsePayloadBytes: 4,
  status: 1,
  dropped: 1,
  sameClock: 1,
};

/** A column's array for `rows` rows, all absent. Every page of it is written, so that the kernel has given it by then. */
export function createColumn(column: Column, rows = CHUNK_ROWS): ColumnArray {
  const bytes = WHOLE[column];
  if (bytes === 1) return new Uint8Array(rows).fill(0xff);
  if (bytes === 2) return new Uint16Array(rows).fill(0xffff);
  if (bytes === 4) return new Uint32Array(rows).fill(0xffff_ffff);
  return new Float64Array(rows).fill(Number.NaN);
}

/** A chunk with the columns that every request writes and those that are expected. */
export function createChunk(expected: readonly Column[]): Chunk {
  const entries = COLUMNS.map((column) => {
    const there = ALWAYS.includes(column) || expected.includes(column);
    return [column, there ? createColumn(column) : undefined] as const;
  });
  return Object.fromEntries(entries) as Chunk;
}

/** What one request takes in memory with these columns. */
export function bytesPerRow(columns: readonly Column[]): number {
  return columns.reduce((sum, column) => sum + (WHOLE[column] ?? 8), 0);
}

/** The columns that chunks have, in the order of {@link COLUMNS}. */
export function writtenColumns(chunks: readonly Chunk[]): readonly Column[] {
  return COLUMNS.filter((column) => chunks.some((chunk) => chunk[column] !== undefined));
}

/** The first `rows` rows of chunks as they cross processes; shares their memory. */
export function packChunks(chunks: readonly Chunk[], rows: number): PackedColumns {
  const used = chunks.slice(0, Math.ceil(rows / CHUNK_ROWS));
  return writtenColumns(used).map((column) => ({
    column,
    parts: used.map((chunk, index) => chunk[column]?.subarray(0, rows - index * CHUNK_ROWS)),
  }));
}

const packedOf = new WeakMap<Columns, PackedColumns>();

/** Opens packed columns: each becomes one array when it is first asked for, and stays that array. */
export function openColumns(packed: PackedColumns, rows: number): Columns {
  const columns = {} as Columns;
  const parts = new Map(packed.map((column) => [column.column, column.parts]));
  for (const column of COLUMNS) {
    const property = { enumerable: true, configurable: true };
    Object.defineProperty(columns, column, {
      ...property,
      get: () => {
        const value = joined(parts.get(column) ?? [], rows);
        Object.defineProperty(columns, column, { ...property, value });
        return value;
      },
    });
  }
  packedOf.set(columns, packed);
  return columns;
}

/** Columns as they cross processes: as they were recorded where that is known, else those that hold a number. */
export function packColumns(columns: Columns): PackedColumns {
  return (
    packedOf.get(columns) ??
    COLUMNS.filter((column) => columns[column].some((value) => !Number.isNaN(value))).map((column) => ({
      column,
      parts: [columns[column]],
    }))
  );
}

function joined(parts: readonly (ColumnArray | undefined)[], rows: number): Float64Array {
  const whole = new Float64Array(rows).fill(Number.NaN);
  for (const [index, part] of parts.entries()) {
    if (part === undefined) continue;
    const first = index * CHUNK_ROWS;
    if (part instanceof Float64Array) {
      whole.set(part, first);
      continue;
    }
    const absent = 2 ** (8 * part.BYTES_PER_ELEMENT) - 1;
    for (let row = 0; row < part.length; row += 1) {
      const value = part[row]!;
      if (value !== absent) whole[first + row] = value;
    }
  }
  return whole;
}
