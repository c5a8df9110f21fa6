import type { CellResult } from "../recording/cell-result.ts";
import { wrapText } from "./text-table.ts";
import { type Leg, type Waterfall, type WaterfallStep, waterfallOf } from "./waterfall.ts";

const WIDTH = 120;
const NAME = 18;
const LEG = 7;
const NUMBER = 10;

/** Legs are told apart without colour. */
const FILL: Readonly<Record<Leg, string>> = {
  client: "#",
  network: "~",
  broker: "+",
  server: "=",
  rest: ".",
};

const LEGEND = `Bars: ${Object.entries(FILL)
  .map(([leg, fill]) => `${fill} ${leg}`)
  .join("  ")}; each picture has its own scale. Rest: what the stages leave unaccounted.`;

/**
 * Where the time of a request went, for a terminal: at most 120 columns, ASCII. Of each cell the mean request and, where there are
 * requests enough for a p99, the mean of those at or above it; each column of numbers adds up to its total.
 */
export function formatWaterfalls(cells: readonly Pick<CellResult, "name" | "figures">[]): string {
  const drawn = cells.flatMap(({ name, figures }) => {
    const waterfall = waterfallOf(figures);
    return waterfall === undefined ? [] : [["", ...wrapText(name, WIDTH), ...formatWaterfall(waterfall)]];
  });
  if (drawn.length === 0) return "No request was answered: there is nothing to draw.";
  const title = "Where the time of a request went (service time, means in ms)";
  return ["", title, ...wrapText(LEGEND, WIDTH), ...drawn.flat()].join("\n");
}

/** The lines of one waterfall. */
export function formatWaterfall(waterfall: Waterfall): readonly string[] {
  const { steps, serviceMeanMs, serviceTailMeanMs, oneClock } = waterfall;
  const mean = steps.map(({ meanMs }) => meanMs);
  const tail = serviceTailMeanMs === undefined ? undefined : steps.map(({ tailMeanMs }) => tailMeanMs);
  const pictures = tail === undefined ? 1 : 2;
  const barWidth = Math.floor((WIDTH - NAME - LEG - 2) / pictures - NUMBER - 2);
  const columns = [panel(steps, mean, { total: serviceMeanMs, barWidth, heading: "mean" })];
  if (tail !== undefined && serviceTailMeanMs !== undefined) {
    columns.push(panel(steps, tail, { total: serviceTailMeanMs, barWidth, heading: "at or above p99" }));
  }
  const names = ["", ...steps.map(nameOf(oneClock)), "service"];
  const legs = ["", ...steps.map(({ leg }) => (leg === "rest" ? "" : leg)), ""];
  return names.map((name, line) =>
    [name.padEnd(NAME), (legs[line] ?? "").padEnd(LEG), ...columns.map((column) => column[line] ?? "")]
      .join(" ")
      .trimEnd(),
  );
}

function nameOf(oneClock: boolean): (step: WaterfallStep) => string {
  return ({ name }) => (name === "rest" && !oneClock ? "network and rest" : name);
}

interface PanelOptions {
  readonly total: number;
  readonly barWidth: number;
  readonly heading: string;
}

/** Numbers and bars of one picture, a line a step, all equally long; above them the heading, below the total. */
function panel(
  steps: readonly WaterfallStep[],
  values: readonly (number | undefined)[],
  { total, barWidth, heading }: PanelOptions,
): readonly string[] {
  const rounded = roundedTo(
    total,
    values.map((value) => value ?? 0),
  );
  const numbers = rounded.map((text, index) => (values[index] === undefined ? "" : text));
  const column = (at: number): number =>
    Math.round((Math.min(Math.max(at, 0), total) / (total > 0 ? total : 1)) * barWidth);
  let at = 0;
  const lines = steps.map(({ leg }, index) => {
    const value = values[index] ?? 0;
    const from = column(at);
    at += value;
    const length = value > 0 ? Math.max(column(at) - from, from < barWidth ? 1 : 0) : 0;
    const bar = " ".repeat(from) + FILL[leg].repeat(length);
    return `${(numbers[index] ?? "").padStart(NUMBER)} ${bar.padEnd(barWidth)}`;
  });
  return [
    `${"".padStart(NUMBER)} ${heading.padEnd(barWidth)}`,
    ...lines,
    `${total.toFixed(3).padStart(NUMBER)} ${"-".repeat(barWidth)}`,
  ];
}

/**
 * Numbers with three decimals that add up to their rounded total: what rounding down leaves goes to those that lost most by it
 * (the method of the largest remainder).
 */
export function roundedTo(total: number, values: readonly number[]): readonly string[] {
  const thousandths = values.map((value) => Math.floor(value * 1e3));
  const missing = Math.round(total * 1e3) - thousandths.reduce((sum, value) => sum + value, 0);
  const byLoss = values
    .map((value, index) => ({ index, loss: value * 1e3 - Math.floor(value * 1e3) }))
    .sort((a, b) => b.loss - a.loss);
  for (const { index } of byLoss.slice(0, Math.max(0, missing))) {
    thousandths[index] = (thousandths[index] ?? 0) + 1;
  }
  return thousandths.map((value) => (value / 1e3).toFixed(3));
}
