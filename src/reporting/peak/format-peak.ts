import { type PeakCell, type PeakPoint, shortReasons } from "../../recording/peak/peak-result.ts";
import { fairnessNotes } from "../fairness-notes.ts";
import { splitKeys } from "../key-columns.ts";
import { type TextColumn, textTable, wrapText } from "../text-table.ts";
import { byRate } from "./peak-csv.ts";
import type { PeakReport } from "./peak-report.ts";

const WIDTH = 120;

/** The peaks for a terminal: a line per cell, what needs words, then each cell's curve. At most 120 columns. */
export function formatPeak(
  report: Pick<PeakReport, "cells" | "objective" | "state" | "plannedCells">,
): string {
  const { cells, objective, state, plannedCells } = report;
  if (cells.length === 0) return "Nothing was measured.";
  const fleet = cells.some(({ key }) => key.vehicles !== undefined);
  const loopback = cells.some(({ key }) => key.link === "loopback");
  const banner = [
    ...(loopback ? ["Over loopback: the cost of the protocol's software, not of a network."] : []),
    "Measured in Node.js: a library is not its protocol.",
    ...(state === "complete" ? [] : [`Partial: ended in cell ${cells.length} of ${plannedCells}.`]),
  ];
  return [
    ...wrapText(banner.join(" "), WIDTH),
    "",
    ...wrapText(
      `Highest rate that holds ${objective} (requests per second${fleet ? " of each vehicle" : ""}; response time from the schedule)`,
      WIDTH,
    ),
    ...peakTable(cells),
    ...words(cells),
    ...fairnessNotes(cells.map(({ key }) => key)).flatMap((note) => wrapText(note, WIDTH, "  ")),
    ...cells.flatMap((cell) => curve(cell, labelOf(cells, cell))),
    "",
    ...wrapText(
      "CPU is milliseconds per request. The interval goes from a rate that held to the lowest above that never did. " +
        "The knee is the rate with the largest throughput ÷ mean response time (Kleinrock's power)." +
        (fleet
          ? " Peak, interval, knee and rate are of each vehicle, as --rate is; per s and goodput are of all together."
          : ""),
      WIDTH,
    ),
  ].join("\n");
}

const SHORT: Readonly<Record<string, string>> = { connections: "conn", protocol_version: "version" };

function peakTable(cells: readonly PeakCell[]): readonly string[] {
  const { columns, common } = splitKeys(cells.map(({ key }) => key));
  const keys = columns.map(
    ({ name, values }): TextColumn => ({
      heading: SHORT[name] ?? name,
      cells: values.map((value) => value || "-"),
      align: "left",
      least: 12,
    }),
  );
  const at = cells.map(peakPoint);
  const column = (heading: string, texts: readonly string[], optional = false): TextColumn => ({
    heading,
    cells: texts,
    align: "right",
    optional,
  });
  return [
    ...wrapText(common.filter((item) => !item.startsWith("scenario ")).join(" · "), WIDTH),
    "",
    ...textTable(
      [
        ...keys,
        { heading: "state", cells: cells.map(({ state }) => state), align: "left" },
        column(
          "peak",
          cells.map(({ peakPerSec }) => short(peakPerSec)),
        ),
        column("interval", cells.map(intervalText)),
        column(
          "p50",
          at.map((point) => short(point?.p50Ms)),
        ),
        column("p99", at.map(p99Text)),
        ...presentColumns(at),
        column(
          "knee",
          cells.map(({ knee }) => short(knee?.ratePerSec)),
        ),
        { heading: "limit", cells: cells.map(({ limitedBy }) => limitedBy ?? "-"), align: "left" },
      ],
      WIDTH,
    ),
  ];
}

/** The point that stands for the peak: its confirmation, else its last probe. */
function peakPoint({ points, peakPerSec }: PeakCell): PeakPoint | undefined {
  const there = points.filter(({ ratePerSec, held }) => ratePerSec === peakPerSec && held);
  return there.findLast(({ kind }) => kind === "confirmation") ?? there.at(-1);
}

const WHERE_PRESENT = [
  ["goodput", ({ goodputPerSec }: PeakPoint) => goodputPerSec],
  ["client CPU", ({ clientCpuMsPerRequest }: PeakPoint) => clientCpuMsPerRequest],
  ["server CPU", ({ serverCpuMsPerRequest }: PeakPoint) => serverCpuMsPerRequest],
  ["broker CPU", ({ brokerCpuMsPerRequest }: PeakPoint) => brokerCpuMsPerRequest],
] as const;

/** Goodput and the processes' costs, each where any row has it. */
function presentColumns(points: readonly (PeakPoint | undefined)[]): readonly TextColumn[] {
  return WHERE_PRESENT.map(([heading, pick]) => ({
    heading,
    values: points.map((point) => point && pick(point)),
  }))
    .filter(({ values }) => values.some((value) => value !== undefined))
    .map(
      ({ heading, values }): TextColumn => ({
        heading,
        cells: values.map(short),
        align: "right",
        optional: true,
      }),
    );
}

function words(cells: readonly PeakCell[]): readonly string[] {
  const lines = cells.flatMap((cell) =>
    cell.notes.flatMap((note) => wrapText(`${labelOf(cells, cell)}: ${note}`, WIDTH, "  ")),
  );
  return lines.length > 0 ? ["", ...lines] : [];
}

function labelOf(cells: readonly PeakCell[], cell: PeakCell): string {
  const row = cells.indexOf(cell);
  const { columns } = splitKeys(cells.map(({ key }) => key));
  return columns.flatMap(({ values }) => values[row] || []).join(" ");
}

function curve(cell: PeakCell, label: string): readonly string[] {
  const points = byRate(cell.points);
  if (points.length === 0) return [];
  const column = (heading: string, text: (point: PeakPoint) => string, optional = false): TextColumn => ({
    heading,
    cells: points.map(text),
    align: "right",
    optional,
  });
  return [
    "",
    `Curve of ${label}`,
    ...textTable(
      [
        column("rate", ({ ratePerSec }) => short(ratePerSec)),
        { heading: "run", cells: points.map(({ kind }) => KIND[kind]), align: "left" },
        { heading: "held", cells: points.map(({ held }) => (held ? "yes" : "no")), align: "left" },
        column("per s", ({ throughputPerSec }) => short(throughputPerSec)),
        column("reqs", ({ requests }) => String(requests)),
        column("p50", ({ p50Ms }) => short(p50Ms)),
        column("p99", p99Text),
        ...presentColumns(points),
        {
          heading: "found",
          cells: points.map(shortReasons),
          align: "left",
          least: 24,
          optional: true,
        },
      ],
      WIDTH,
    ),
  ];
}

const KIND = { search: "probe", curve: "curve", confirmation: "full" } as const;

function intervalText({ intervalPerSec, peakPerSec }: PeakCell): string {
  if (intervalPerSec === undefined || peakPerSec === undefined) return "-";
  const { low, high } = intervalPerSec;
  return high === undefined ? `${short(low)} …` : `${short(low)} … ${short(high)}`;
}

function p99Text(point: PeakPoint | undefined): string {
  return point?.p99AboveMs === undefined ? short(point?.p99Ms) : `> ${point.p99AboveMs}`;
}

/** Three or four digits that count, never an exponent; `-` for what is not there. */
function short(value: number | undefined): string {
  if (value === undefined) return "-";
  const size = Math.abs(value);
  return value.toFixed(size < 10 ? 3 : size < 100 ? 2 : size < 1_000 ? 1 : 0);
}
