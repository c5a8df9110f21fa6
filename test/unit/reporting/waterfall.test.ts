import fc from "fast-check";
import { expect, test } from "vitest";
import { summarise } from "../../../src/recording/figures.ts";
import { formatWaterfall, formatWaterfalls, roundedTo } from "../../../src/reporting/format-waterfall.ts";
import { type Waterfall, waterfallOf } from "../../../src/reporting/waterfall.ts";
import { madeCell } from "../recording/made-cell.ts";
import { type RecordedOptions, recordedRequests } from "./recorded-requests.ts";

function made(options: RecordedOptions, quick = false): Waterfall {
  const waterfall = waterfallOf(summarise([recordedRequests(options)], { quick }));
  if (waterfall === undefined) throw new Error("nothing was answered");
  return waterfall;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

test.each<RecordedOptions>([
  { requests: 900 },
  { requests: 900, broker: true, placement: "client" },
  { requests: 900, clock: "another" },
  { requests: 900, clock: "none" },
])("the mean request and the tail add up exactly: %o", (options) => {
  const { steps, serviceMeanMs, serviceTailMeanMs } = made(options);
  expect(sum(steps.map(({ meanMs }) => meanMs))).toBeCloseTo(serviceMeanMs, 12);
  expect(sum(steps.map(({ tailMeanMs }) => tailMeanMs ?? Number.NaN))).toBeCloseTo(
    serviceTailMeanMs ?? 0,
    12,
  );
  expect(serviceTailMeanMs).toBeGreaterThan(serviceMeanMs);
});

test("on one clock the rest is the unaccounted", () => {
  const figures = summarise([recordedRequests({ requests: 900 })], { quick: false });
  const rest = waterfallOf(figures)?.steps.at(-1);
  expect(rest?.meanMs).toBeCloseTo(figures.unaccountedMeanMs ?? Number.NaN, 12);
  expect(rest?.tailMeanMs).toBeCloseTo(figures.unaccountedTailMeanMs ?? Number.NaN, 12);
});

test("printed numbers add up to the printed total, and none is off by more than its last digit", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -0.01, max: 1000, noNaN: true }), { minLength: 1 }), (values) => {
      const total = sum(values);
      const texts = roundedTo(total, values);
      expect(sum(texts.map((text) => Math.round(Number(text) * 1e3)))).toBe(Math.round(total * 1e3) + 0);
      for (const [index, text] of texts.entries()) {
        expect(Math.abs(Number(text) - (values[index] ?? 0))).toBeLessThanOrEqual(0.001 + 1e-9);
      }
    }),
  );
});

test.each<RecordedOptions>([{ requests: 900, broker: true, placement: "client" }, { requests: 20 }])(
  "bars follow each other within 120 columns, in ASCII: %o",
  (options) => {
    const lines = formatWaterfall(made(options));
    for (const line of lines) {
      expect(line.length).toBeLessThanOrEqual(120);
      expect(line).toMatch(/^[\x20-\x7e]*$/);
    }
    expect(lines[0]?.includes("at or above p99")).toBe(options.requests > 400);
    const width = options.requests > 400 ? 34 : 81;
    const bars = lines.slice(1, -1).map((line) => /^.{38}( *)([#~+=.]*)/.exec(line.slice(0, 38 + width)));
    let end = 0;
    for (const bar of bars) {
      if ((bar?.[2] ?? "") === "") continue;
      expect(Math.abs((bar?.[1] ?? "").length - end)).toBeLessThanOrEqual(1);
      end = (bar?.[1] ?? "").length + (bar?.[2] ?? "").length;
    }
    expect(end).toBeGreaterThan(width - 3);
  },
);

test("legs are told apart without colour", () => {
  const text = formatWaterfall(made({ requests: 900, broker: true })).join("\n");
  expect(text).toMatch(/encode +client +[\d.]+ +#/);
  expect(text).toMatch(/uplink +network +[\d.]+ +~/);
  expect(text).toMatch(/broker +broker +[\d.]+ +\+/);
  expect(text).toMatch(/infer +server +[\d.]+ +=/);
});

test("cells without an answer are left out", () => {
  const dead = madeCell({ requests: 0, alsoFailed: "UNAVAILABLE" });
  expect(formatWaterfalls([dead])).toMatch(/nothing to draw/);
  const text = formatWaterfalls([dead, madeCell()]);
  expect(text.split(madeCell().name)).toHaveLength(2);
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
});

test("a quick run has no tail", () => {
  expect(made({ requests: 900 }, true).serviceTailMeanMs).toBeUndefined();
});
