import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bytesPerRow,
  CHUNK_ROWS,
  createChunk,
  createColumn,
  openColumns,
  packChunks,
  packColumns,
  writtenColumns,
} from "../../../src/recording/column-store.ts";
import { COLUMNS, type Column } from "../../../src/recording/run-record.ts";

const WHOLE: readonly Column[] = ["frame", "client", "status", "dropped", "requestPayloadBytes"];

test("numbers come out as they went in, over chunks, and what was not written is absent", () => {
  const values = fc.array(fc.option(fc.integer({ min: 0, max: 2 ** 53 - 1 }), { nil: undefined }), {
    minLength: 1,
    maxLength: 60,
  });
  fc.assert(
    fc.property(values, fc.integer({ min: 0, max: 2 * CHUNK_ROWS }), (marks, gap) => {
      const rows = marks.length + gap;
      const chunks = Array.from({ length: Math.ceil(rows / CHUNK_ROWS) }, () => createChunk([]));
      for (const [index, value] of marks.entries()) {
        if (value === undefined) continue;
        const row = index + gap;
        const chunk = chunks[Math.floor(row / CHUNK_ROWS)]!;
        chunk.intendedNs![row % CHUNK_ROWS] = value;
        for (const column of WHOLE) chunk[column]![row % CHUNK_ROWS] = value % 200;
      }
      const columns = openColumns(structuredClone(packChunks(chunks, rows)), rows);
      for (const [index, value] of marks.entries()) {
        expect(columns.intendedNs[index + gap]).toBe(value ?? Number.NaN);
        for (const column of WHOLE) {
          expect(columns[column][index + gap]).toBe(value === undefined ? Number.NaN : value % 200);
        }
      }
      for (const column of COLUMNS) expect(columns[column]).toHaveLength(rows);
      if (gap > 0) expect(columns.frame[0]).toBeNaN();
    }),
    { numRuns: 30 },
  );
});

test("a column that is never written takes no memory and does not travel", () => {
  const chunk = createChunk(["queueNs"]);
  expect(writtenColumns([chunk])).toContain("queueNs");
  expect(writtenColumns([chunk])).not.toContain("brokerRequestInNs");
  expect(packChunks([chunk], 5).map(({ column }) => column)).toEqual(writtenColumns([chunk]));
  expect(packChunks([chunk], 5)[0]?.parts[0]).toHaveLength(5);
  expect(packChunks([], 0)).toEqual([]);
});

test("a request over http takes 105 bytes", () => {
  const ofOurServers: readonly Column[] = [
    "serverInNs",
    "serverOutNs",
    "decodeNs",
    "queueNs",
    "inferNs",
    "encodeNs",
    "sameClock",
  ];
  expect(bytesPerRow(writtenColumns([createChunk(ofOurServers)]))).toBe(105);
});

test("an opened column is one array, which may be written to", () => {
  const columns = openColumns([], 3);
  columns.brokerRequestInNs[1] = 7;
  expect([...columns.brokerRequestInNs]).toEqual([Number.NaN, 7, Number.NaN]);
});

test("columns that were made in another way are packed by what they hold", () => {
  const made = Object.fromEntries(
    COLUMNS.map((column) => [column, new Float64Array(2).fill(Number.NaN)]),
  ) as unknown as ReturnType<typeof openColumns>;
  made.doneNs[1] = 12;
  const packed = packColumns(made);
  expect(packed.map(({ column }) => column)).toEqual(["doneNs"]);
  expect([...openColumns(packed, 2).doneNs]).toEqual([Number.NaN, 12]);
});

test("the largest whole numbers that occur are told from absence", () => {
  const chunk = createChunk([]);
  chunk.requestPayloadBytes![0] = 2 ** 31 - 1;
  chunk.client![0] = 4095;
  const columns = openColumns(packChunks([chunk], 1), 1);
  expect([columns.requestPayloadBytes[0], columns.client[0]]).toEqual([2 ** 31 - 1, 4095]);
  expect(createColumn("doneNs", 2).every((value) => Number.isNaN(value))).toBe(true);
});
