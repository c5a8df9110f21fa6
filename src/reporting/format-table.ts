import type { Stage } from "../core/stage.ts";
import { type CellResult, INTERRUPTED } from "../recording/cell-result.ts";
import type { CellFigures } from "../recording/figures.ts";
import { fairnessNotes } from "./fairness-notes.ts";
import { gpuLines } from "./gpu-lines.ts";
import { splitKeys } from "./key-columns.ts";
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
    "",
    "Stages (en+decode, link, queue, infer) are means in ms; sent and back are payload bytes of one request.",
    ...fairnessNotes(cells.map(({ key }) => key)).flatMap((line) => wrapText(line, WIDTH, "  ")),
    ...weakLines(cells),
    ...gpuLines(cells).flatMap((line) => wrapText(line, WIDTH, "  ")),
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
    const done = cells.flatMap(({ runs }) => runs.filter(({ failure }) => failure !== INTERRUPTED));
    sentences.push(`Partial: ${done.length} of ${plannedRuns} runs.`);
  }
  return wrapText(sentences.join(" "), WIDTH);
}

function section(
  headline: "service" | "response",
  title: string,
  cells: readonly CellResult[],
): readonly string[] {
  const { columns, common } = splitKeys(cells.map(({ key }) => key));
  const keys = columns.map(
    ({ name, values }): TextColumn => ({
      heading: SHORT[name] ?? name,
      cells: values.map((value) => value || "-"),
      align: "left",
      least: 12,
    }),
  );
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
    ...wrapItems(common.filter((item) => !item.startsWith("scenario "))),
    "",
    ...textTable(
      present([
        ...keys,
        { heading: "verdict", cells: cells.map(({ verdict }) => verdict), align: "left" },
        { heading: "answers", cells: cells.map(answers), align: "left" },
        figures("reqs", (row) => String(row.requests)),
        figures("failed", (row) => String(row.failed + row.timedOut)),
        ...(cells.some((cell) => cell.figures.dropped > 0)
          ? [figures("dropped", (row) => String(row.dropped))]
          : []),
        figures("p50", (row) => percentile(row, headline, "p50")),
        figures("p99", (row) => percentile(row, headline, "p99")),
        figures("age p99", (row) => short(row.ageP99Ms), true),
        figures("per s", (row) => short(row.throughputPerSec), true),
        figures("en+decode", (row) => short(sumOf(row, CODEC)), true),
        figures("link", (row) => short(row.transportResidualMeanMs ?? sumOf(row, LINK)), true),
        figures("queue", (row) => short(sumOf(row, ["queue"])), true),
        figures("infer", (row) => short(sumOf(row, ["infer"])), true),
        figures("sent", (row) => bytes(row.requestPayloadBytes), true),
        figures("back", (row) => bytes(row.responsePayloadBytes), true),
        figures("p99 from-to", (row) => interval(row, headline), true),
      ]),
      WIDTH,
    ),
  ];
}

/** Without what may be left out and is in no cell. */
function present(columns: readonly TextColumn[]): readonly TextColumn[] {
  return columns.filter(({ optional, cells }) => optional !== true || cells.some((cell) => cell !== "-"));
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

/** Whether the answers are those of the in-process reference; where bytes differ, the percentage that agrees. */
function answers({ answers: { check, agreementPercent } }: CellResult): string {
  if (check === "identical" || check === "unchecked" || agreementPercent === undefined) return check;
  return `${agreementPercent.toFixed(2)} %`;
}

function sumOf({ stages }: CellFigures, names: readonly Stage[]): number | undefined {
  const means = names.flatMap((name) => stages[name]?.meanMs ?? []);
  return means.length > 0 ? means.reduce((sum, mean) => sum + mean, 0) : undefined;
}

function percentile(figures: CellFigures, headline: "service" | "response", name: "p50" | "p99"): string {
  const durations = figures[headline];
  if (durations.censored.includes(name)) return `> ${figures.timeoutMs}`;
  const value = name === "p50" ? durations.p50Ms : durations.p99Ms;
  return isWeak(figures, headline, name) ? `~${short(value)}` : short(value);
}

/** The request count is enough for the percentile, what the correlated requests are worth is not. */
function isWeak(figures: CellFigures, headline: "service" | "response", name: "p50" | "p99"): boolean {
  const { p50Ms, p99Ms } = figures[headline];
  return figures.weakPercentiles.includes(name) && (name === "p50" ? p50Ms : p99Ms) !== undefined;
}

function weakLines(cells: readonly CellResult[]): readonly string[] {
  const weak = cells.some((cell) => isWeak(cell.figures, isOpenLoop(cell) ? "response" : "service", "p99"));
  if (!weak) return [];
  const text =
    "~: neighbouring requests are alike, and worth fewer independent ones (effective_requests) than this percentile needs: lengthen --duration.";
  return wrapText(text, WIDTH, "  ");
}

/** The 95 % interval of the p99. */
function interval(figures: CellFigures, headline: "service" | "response"): string {
  const { p99Ms, p99LowMs, p99HighMs, censored } = figures[headline];
  if (p99Ms === undefined || p99LowMs === undefined) return "-";
  const high = censored.includes("p99_high") ? `> ${figures.timeoutMs}` : short(p99HighMs);
  return `${short(p99LowMs)}-${high}`;
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

/** Each cell that needs words, by what tells it from the others. */
function reasons(cells: readonly CellResult[]): readonly string[] {
  const { columns } = splitKeys(cells.map(({ key }) => key));
  const lines = cells.flatMap((cell, row) => {
    if (cell.reasons.length === 0) return [];
    const label = columns.flatMap(({ values }) => values[row] || []).join(" ");
    return wrapText(`${cell.verdict} ${label}: ${cell.reasons.join(" ")}`, WIDTH, "  ");
  });
  return lines.length > 0 ? ["", ...lines] : [];
}

/** Items between dots, broken only between them where they fit on a line. */
function wrapItems(items: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 3 + item.length <= WIDTH) {
      lines[lines.length - 1] = `${last} · ${item}`;
    } else {
      lines.push(item);
    }
  }
  return lines.flatMap((line) => wrapText(line, WIDTH, "  "));
}
