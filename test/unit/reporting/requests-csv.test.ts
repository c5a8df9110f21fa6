import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { STAGES } from "../../../src/core/stage.ts";
import { joinRecords } from "../../../src/recording/join-records.ts";
import { REQUEST_COLUMNS, requestRows } from "../../../src/reporting/requests-csv.ts";
import { createRequestsWriter, REQUEST_FILES } from "../../../src/reporting/requests-writer.ts";
import { type RecordedOptions, recordedRequests } from "./recorded-requests.ts";

type Row = Readonly<Record<string, string>>;

function rowsOf(options: RecordedOptions): Row[] {
  const run = { cell: "a/b", repetition: 2, record: recordedRequests(options), retrieveNs: [7, 8, 9] };
  return [...requestRows(run)].map((row) => {
    expect(row).toHaveLength(REQUEST_COLUMNS.length);
    return Object.fromEntries(REQUEST_COLUMNS.map((column, index) => [column, row[index] ?? ""]));
  });
}

const number = (row: Row, column: string): number => {
  expect(row[column], column).toMatch(/^-?\d+$/);
  return Number(row[column]);
};

test.each<RecordedOptions>([
  { requests: 50 },
  { requests: 50, broker: true },
  { requests: 50, placement: "client" },
])("marks ascend and stages add up, to the nanosecond: %o", (options) => {
  const answered = rowsOf(options).filter((row) => row["status"] === "OK");
  expect(answered.length).toBeGreaterThan(30);
  for (const row of answered) {
    const marks = REQUEST_COLUMNS.slice(9, 22)
      .map((column) => row[column] ?? "")
      .filter((text) => text !== "")
      .map(Number);
    expect(marks).toEqual(marks.toSorted((a, b) => a - b));
    const stages = STAGES.filter((stage) => stage !== "retrieve" && row[`stage_${stage}_ns`] !== "");
    const sum = stages.reduce((total, stage) => total + number(row, `stage_${stage}_ns`), 0);
    expect(sum + number(row, "unaccounted_ns")).toBe(number(row, "service_ns"));
    expect(number(row, "service_ns") + number(row, "send_lateness_ns")).toBe(number(row, "response_ns"));
    expect(row["transport_residual_ns"]).toBe("");
    expect(row["stage_retrieve_ns"]).toBe(String(7 + (Number(row["seq"]) % 3)));
  }
});

test("every outcome is a row", () => {
  const rows = rowsOf({ requests: 30 });
  expect(rows).toHaveLength(30);
  const dropped = rows.filter((row) => row["status"] === "DROPPED");
  expect(dropped.map((row) => row["seq"])).toEqual(["5", "16", "27"]);
  expect(dropped[0]).toMatchObject({ start_ns: "", done_ns: "", service_ns: "", client: "" });
  const late = rows.filter((row) => row["status"] === "DEADLINE_EXCEEDED");
  expect(late[0]).toMatchObject({
    seq: "7",
    id: "q-7",
    received_ns: "",
    response_ns: "",
    stage_encode_ns: "",
  });
  expect(number(late[0] ?? {}, "done_ns")).toBeGreaterThan(0);
});

test("another clock's marks are not there, and what closes by construction is", () => {
  for (const row of rowsOf({ requests: 20, clock: "another" }).filter(({ status }) => status === "OK")) {
    expect(row).toMatchObject({
      server_in_ns: "",
      server_out_ns: "",
      stage_uplink_ns: "",
      unaccounted_ns: "",
    });
    expect(number(row, "transport_residual_ns")).toBeGreaterThan(0);
    expect(number(row, "stage_infer_ns")).toBeGreaterThan(0);
  }
});

test("rows of several generators name theirs", () => {
  const record = joinRecords(
    [recordedRequests({ requests: 4 }), { ...recordedRequests({ requests: 4, seed: 2 }), idPrefix: "p-" }],
    [2, 2],
  );
  const rows = [...requestRows({ cell: "a", repetition: 1, record })];
  const ids = rows.map((row) => `${row[REQUEST_COLUMNS.indexOf("generator")]}:${row[3]}`);
  expect(ids.toSorted()).toEqual(["0:q-0", "0:q-1", "0:q-2", "0:q-3", "1:p-0", "1:p-1", "1:p-2", "1:p-3"]);
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "wirebench-requests-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("the file grows run by run and is one gzip file to its readers", async () => {
  const writer = createRequestsWriter(folder);
  const read = async (): Promise<string[]> =>
    gunzipSync(await readFile(join(folder, REQUEST_FILES.requests)))
      .toString()
      .trimEnd()
      .split("\n");
  await writer.write({ cell: 'a "b", c', repetition: 1, record: recordedRequests({ requests: 700 }) });
  expect(await read()).toHaveLength(701);
  await writer.write({ cell: "d", repetition: 1, record: recordedRequests({ requests: 0 }) });
  await writer.write({ cell: "d", repetition: 2, record: recordedRequests({ requests: 3 }) });
  const lines = await read();
  expect(lines).toHaveLength(704);
  expect(lines[0]).toBe(REQUEST_COLUMNS.join(","));
  expect(lines[1]).toMatch(/^"a ""b"", c",1,0,q-0,/);
  expect(lines[703]).toMatch(/^d,2,2,q-2,/);
  expect(lines.filter((line) => line.startsWith("cell,"))).toHaveLength(1);
});
