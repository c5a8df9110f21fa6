import { keyColumns } from "../core/cell.ts";
import type { Stage } from "../core/stage.ts";
import type { CellResult } from "../recording/cell-result.ts";
import type { CellFigures } from "../recording/figures.ts";
import { isOpenLoop, type Report } from "./report.ts";
import { type TextColumn, textTable, wrapText } from "./text-table.ts";

const WIDTH = 120;

/** The report for a terminal: at most 120 columns, a line per cell, what the numbers mean above and why not below. */
export function formatTable(report: Pick<Report, "cells" | "quick" | "state" | "plannedRuns">): string {
  const { cells } = report;
  if (cells.length === 0) return "Nothing was measured.";
  const closed = cells.filter((cell) => !isOpenLoop(cell));
  const open = cells.filter(isOpenLoop);
  return [
    ...banner(report),
    ...(closed.length > 0 ? section("service", CLOSED_LOOP, closed) : []),
    ...(open.length > 0 ? section("response", OPEN_LOOP, open) : []),
    ...reasons(cells),
  ].join("\n");
}

const CLOSED_LOOP = "Closed loop: service time in ms (self-throttled: its tail is not to be ranked)";
const OPEN_LOOP = "Open loop: response time in ms, counted from the schedule";

function banner({ cells, quick, state, plannedRuns }: Parameters<typeof formatTable>[0]): readonly string[] {
  const sentences = ["Measured in Node.js: a library is not its protocol."];
  if (cells.some(({ key }) => key.link === "loopback")) {
    sentences.unshift("Over loopback: the cost of the protocol's software, not of a network.");
  }
  if (quick) sentences.push("A quick run shows that everything works, not how fast it is.");
  if (state !== "complete") {
    const done = cells.reduce((sum, { runs }) => sum + runs.length, 0);
    sentences.push(`Partial: ${done} of ${plannedRuns} runs.`);
  }
  return wrapText(sentences.join(" "), WIDTH);
}

/** Key columns with more than one value tell the rows apart; the others are said once. */
function section(
  headline: "service" | "response",
  title: string,
  cells: readonly CellResult[],
): readonly string[] {
  const keys = cells.map(({ key }) => keyColumns(key));
  const columns: TextColumn[] = [];
  const common: string[] = [];
  for (const [index, [name]] of (keys[0] ?? []).entries()) {
    const values = keys.map((key) => key[index]?.[1] ?? "");
    const same = values.every((value) => value === values[0]);
    if (name === "transport" || name === "encoding" || !same) {
      columns.push({
        heading: SHORT[name] ?? name,
        cells: values.map((value) => value || "-"),
        align: "left",
        least: 8,
      });
    } else if (values[0] !== "" && name !== "scenario") {
      common.push(`${name} ${values[0]}`);
    }
  }
  const figures = (
    heading: string,
    text: (figures: CellFigures) => string,
    optional = false,
  ): TextColumn => ({
    heading,
    cells: cells.map((cell) => text(cell.figures)),
    align: "right",
    optional,
  });
  return [
    "",
    title,
    ...(common.length > 0 ? wrapText(common.join(" · "), WIDTH) : []),
    "",
    ...textTable(
      [
        ...columns,
        { heading: "verdict", cells: cells.map(({ verdict }) => verdict), align: "left" },
        figures("requests", (row) => String(row.requests)),
        figures("failed", (row) => String(row.failed + row.timedOut)),
        ...(cells.some((cell) => cell.figures.dropped > 0)
          ? [figures("dropped", (row) => String(row.dropped))]
          : []),
        figures("p50", (row) => percentile(row, headline, "p50")),
        figures("p99", (row) => percentile(row, headline, "p99")),
        figures("per sec", (row) => short(row.throughputPerSec)),
        figures("en+decode", (row) => short(sumOf(row, CODEC)), true),
        figures("link", (row) => short(row.transportResidualMeanMs ?? sumOf(row, LINK)), true),
        figures("queue", (row) => short(sumOf(row, ["queue"])), true),
        figures("infer", (row) => short(sumOf(row, ["infer"])), true),
        figures("sent", (row) => bytes(row.requestPayloadBytes), true),
        figures("back", (row) => bytes(row.responsePayloadBytes), true),
      ],
      WIDTH,
    ),
    "",
    "Stages (en+decode, link, queue, infer) are means in ms; sent and back are payload bytes of one request.",
  ];
}

const CODEC: readonly Stage[] = ["encode", "server_decode", "server_encode", "client_decode"];
const LINK: readonly Stage[] = ["uplink", "broker", "downlink"];

const SHORT: Readonly<Record<string, string>> = {
  concurrency: "conc",
  rate_per_sec: "rate",
  connections: "conn",
  protocol_version: "version",
  compression: "compr",
};

function sumOf({ stages }: CellFigures, names: readonly Stage[]): number | undefined {
  const means = names.flatMap((name) => stages[name]?.meanMs ?? []);
  return means.length > 0 ? means.reduce((sum, mean) => sum + mean, 0) : undefined;
}

function percentile(figures: CellFigures, headline: "service" | "response", name: "p50" | "p99"): string {
  const durations = figures[headline];
  if (durations.censored.includes(name)) return `> ${figures.timeoutMs}`;
  return short(name === "p50" ? durations.p50Ms : durations.p99Ms);
}

/** Three or four digits that count, never an exponent; `-` for what is not there. */
function short(value: number | undefined): string {
  if (value === undefined) return "-";
  const size = Math.abs(value);
  return value.toFixed(size < 10 ? 3 : size < 100 ? 2 : size < 1000 ? 1 : 0);
}

function bytes(value: number | undefined): string {
  if (value === undefined) return "-";
  if (value < 1000) return `${Math.round(value)} B`;
  return value < 1e6 ? `${(value / 1e3).toFixed(1)} kB` : `${(value / 1e6).toFixed(2)} MB`;
}

function reasons(cells: readonly CellResult[]): readonly string[] {
  const lines = cells
    .filter((cell) => cell.reasons.length > 0)
    .flatMap((cell) => wrapText(`${cell.verdict} ${cell.name}: ${cell.reasons.join(" ")}`, WIDTH, "  "));
  return lines.length > 0 ? ["", ...lines] : [];
}
