import { expect, test } from "vitest";
import { runsCsv, summaryCsv } from "../../../src/reporting/csv.ts";
import { madeReport } from "./made-report.ts";

const DURATIONS = ["mean", "p50", "p90", "p95", "p99", "p99_9", "max", "stddev"];
const STAGES =
  "retrieve client_preprocess encode uplink broker downlink server_decode queue server_preprocess infer server_postprocess server_encode client_decode client_postprocess";

/** The interface, written out: columns are only ever added at the end. */
const COLUMNS = [
  ..."cell transport encoding placement model device input scenario concurrency arrivals rate_per_sec".split(
    " ",
  ),
  ..."when_busy vehicles connections qos protocol_version tls compression tuning link target".split(" "),
  ..."execution_provider clock repetitions".split(" "),
  ..."verdict verdict_reasons answer_check answer_agreement_percent".split(" "),
  ..."requests ok failed timed_out dropped late_answers throughput_per_sec goodput_per_sec".split(" "),
  ...["response", "ok_response", "service", "send_lateness"].flatMap((name) =>
    DURATIONS.map((d) => `${name}_${d}_ms`),
  ),
  ...["response", "service"].flatMap((name) =>
    ["p50_low", "p50_high", "p99_low", "p99_high"].map((end) => `${name}_${end}_ms`),
  ),
  ..."age_p50_ms age_p99_ms jitter_mean_abs_diff_ms jitter_rfc3550_ms".split(" "),
  ...STAGES.split(" ").flatMap((name) =>
    ["mean", "p50", "p99", "tail_mean"].map((figure) => `stage_${name}_${figure}_ms`),
  ),
  ..."unaccounted_mean_ms unaccounted_p50_ms transport_residual_mean_ms".split(" "),
  ..."request_payload_bytes response_payload_bytes request_wire_bytes response_wire_bytes".split(" "),
  ..."client_cpu_ms_per_request server_cpu_ms_per_request broker_cpu_ms_per_request".split(" "),
  ..."client_peak_rss_mb server_peak_rss_mb broker_peak_rss_mb".split(" "),
  ..."client_event_loop_delay_p99_ms server_event_loop_delay_p99_ms".split(" "),
  "censored",
  "effective_requests",
  ...["response", "service"].flatMap((name) =>
    ["p90", "p95", "p99", "p99_9"].map((percentile) => `${name}_${percentile}_ub99_ms`),
  ),
];

/** Rows as records; good enough for texts without quotes in them. */
function rows(csv: string): readonly Readonly<Record<string, string>>[] {
  const [head = "", ...lines] = csv.trimEnd().split("\n");
  const names = head.split(",");
  return lines.map((line) => {
    const values = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
      (found) => found[1] ?? found[2] ?? "",
    );
    expect(values).toHaveLength(names.length);
    return Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""]));
  });
}

test("summary.csv has exactly the columns of the interface, in order", () => {
  expect(summaryCsv(madeReport()).split("\n")[0]?.split(",")).toEqual(COLUMNS);
});

test("runs.csv has the same and the repetition at the end", () => {
  const csv = runsCsv(madeReport());
  expect(csv.split("\n")[0]?.split(",")).toEqual([...COLUMNS, "repetition"]);
  expect(rows(csv)).toHaveLength(10);
  expect(rows(csv).map((row) => row["repetition"])).toEqual([
    "1",
    "2",
    "1",
    "2",
    "1",
    "2",
    "1",
    "2",
    "1",
    "2",
  ]);
});

test("numbers are plain, and what is not available is empty", () => {
  const summary = rows(summaryCsv(madeReport()));
  for (const row of summary) {
    for (const [column, value] of Object.entries(row)) {
      if (/_ms$|_bytes$|_mb$|_per_sec$|_percent$|_request$/.test(column))
        expect(value, column).toMatch(/^(-?\d+(\.\d+)?)?$/);
    }
  }
  expect(summary[0]).toMatchObject({
    transport: "http",
    qos: "",
    requests: "800",
    ok: "800",
    service_mean_ms: "10",
    service_p99_9_ms: "",
    stage_encode_mean_ms: "1",
    stage_broker_mean_ms: "",
    stage_retrieve_mean_ms: "1",
    unaccounted_mean_ms: "0",
    client_cpu_ms_per_request: "2",
    broker_peak_rss_mb: "",
    clock: "one",
    repetitions: "2",
    verdict: "VALID",
    answer_agreement_percent: "100",
    censored: "",
  });
});

test("the means of a row add up to its service time", () => {
  const [row = {}] = rows(summaryCsv(madeReport()));
  const stages = STAGES.split(" ").filter((name) => name !== "retrieve");
  const sum = stages.reduce((total, name) => total + Number(row[`stage_${name}_mean_ms`]), 0);
  expect(sum + Number(row["unaccounted_mean_ms"])).toBeCloseTo(Number(row["service_mean_ms"]), 5);
});

test("a censored figure is named and its own cell empty; a failed cell keeps its counts", () => {
  const summary = rows(summaryCsv(madeReport()));
  expect(summary[4]).toMatchObject({
    verdict: "OVERLOADED",
    timed_out: "2",
    response_max_ms: "",
    response_mean_ms: "",
  });
  expect(summary[4]?.["censored"]).toBe(
    "response_p99_ub99>10000 response_max>10000 service_p99_ub99>10000 service_max>10000",
  );
  expect(summary[3]).toMatchObject({ verdict: "FAILED", requests: "800", ok: "800" });
});

test("nothing measured is an empty file", () => {
  expect(summaryCsv({ cells: [] })).toBe("");
});
