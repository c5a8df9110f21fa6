// @ts-check
import { SIZES_BYTES, SMALL_BYTES, TUNING_BYTES } from "./interleave.mjs";
import { median, pairedDifference, pairedRatio } from "./paired.mjs";

/** @typedef {import("./rig.mjs").Measured} Measured */
/** @typedef {import("./interleave.mjs").Series} Series */
/** @typedef {(transport: Measured, bytes: number) => Series} SeriesOf */

/** From the camera frame up our client may take this much longer than the bare one; below, this many microseconds. */
const MOST_RATIO = 1.1;
const MOST_DIFFERENCE_US = 50;
/** `tuned` must be this much faster than `defaults`. */
const LEAST_GAIN = 2;

/**
 * All that was measured, as lines of text; criteria are reported, not asserted.
 *
 * @param {readonly Measured[]} transports
 * @param {SeriesOf} seriesOf
 * @returns {string[]}
 */
export function summaryLines(transports, seriesOf) {
  const lines = [
    "",
    "What our client adds (the same server, the same message; p50 per block, 95 % intervals of the pairs)",
  ];
  const rows = transports.flatMap((transport) =>
    SIZES_BYTES.map((bytes) => ({ transport, bytes, series: seriesOf(transport, bytes) })),
  );
  lines.push(
    ...table(
      ["", "bytes", "bare ms", "ours ms", "ratio", "difference µs", "client CPU µs", "criterion"],
      rows.map(({ transport, bytes, series: { bare, ours } }) => [
        ...name(transport, bytes, bare.p50Ms, ours.p50Ms),
        ratioText(bare.p50Ms, ours.p50Ms),
        differenceText(bare.p50Ms, ours.p50Ms),
        interval(pairedDifference(bare.cpuUs, ours.cpuUs), 0),
        criterion(bytes, bare.p50Ms, ours.p50Ms),
      ]),
    ),
    "",
    "What our server adds (the bare client at our server, beside the bare client at a bare echo)",
    ...table(
      ["", "bytes", "echo ms", "server ms", "ratio", "difference µs"],
      rows.map(({ transport, bytes, series: { echo, bare } }) => [
        ...name(transport, bytes, echo.p50Ms, bare.p50Ms),
        ratioText(echo.p50Ms, bare.p50Ms),
        differenceText(echo.p50Ms, bare.p50Ms),
      ]),
    ),
  );
  if (transports.includes("grpc")) lines.push(...tuningLines(seriesOf("grpc", TUNING_BYTES)));
  return lines;
}

/**
 * The last line: for each transport and size the bare client's p50, ours, and the ratio of the pairs.
 *
 * @param {readonly Measured[]} transports
 * @param {SeriesOf} seriesOf
 */
export function resultJson(transports, seriesOf) {
  const round = (/** @type {number} */ value) => Number(value.toPrecision(6));
  return JSON.stringify(
    Object.fromEntries(
      transports.map((transport) => [
        transport,
        Object.fromEntries(
          SIZES_BYTES.map((bytes) => {
            const { bare, ours } = seriesOf(transport, bytes);
            return [
              bytes,
              {
                bareP50Ms: round(median(bare.p50Ms)),
                p50Ms: round(median(ours.p50Ms)),
                ratio: round(pairedRatio(bare.p50Ms, ours.p50Ms).estimate),
              },
            ];
          }),
        ),
      ]),
    ),
  );
}

/** @param {Series} series */
function tuningLines({ ours, defaults }) {
  const gain = pairedRatio(ours.p50Ms, defaults.p50Ms);
  const met = gain.estimate >= LEAST_GAIN;
  return [
    "",
    `gRPC at ${TUNING_BYTES.toLocaleString("en")} bytes, our client: tuned is ${interval(gain, 2)} times faster than defaults ` +
      `(${milliseconds(ours.p50Ms)} and ${milliseconds(defaults.p50Ms)} ms); at least ${LEAST_GAIN}: ${verdict(met)}`,
  ];
}

/**
 * @param {number} bytes
 * @param {readonly number[]} bareMs
 * @param {readonly number[]} oursMs
 */
function criterion(bytes, bareMs, oursMs) {
  if (bytes === SMALL_BYTES) {
    const met = pairedDifference(bareMs, oursMs).high * 1_000 <= MOST_DIFFERENCE_US;
    return `difference ≤ ${MOST_DIFFERENCE_US} µs: ${verdict(met)}`;
  }
  return `ratio ≤ ${MOST_RATIO.toFixed(2)}: ${verdict(pairedRatio(bareMs, oursMs).high <= MOST_RATIO)}`;
}

/** @param {boolean} met */
function verdict(met) {
  return met ? "met" : "missed";
}

/** @param {Measured} transport @param {number} bytes @param {number[]} a @param {number[]} b */
function name(transport, bytes, a, b) {
  return [transport, bytes.toLocaleString("en"), milliseconds(a), milliseconds(b)];
}

/** @param {readonly number[]} a @param {readonly number[]} b */
function ratioText(a, b) {
  return interval(pairedRatio(a, b), 3);
}

/** @param {readonly number[]} a @param {readonly number[]} b - milliseconds. */
function differenceText(a, b) {
  const us = (/** @type {readonly number[]} */ ms) => ms.map((value) => value * 1_000);
  return interval(pairedDifference(us(a), us(b)), 0);
}

/** @param {readonly number[]} values */
function milliseconds(values) {
  return median(values).toFixed(3);
}

/** @param {import("./paired.mjs").Estimate} estimate @param {number} digits */
function interval({ estimate, low, high }, digits) {
  return `${estimate.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
}

/**
 * Columns, the first one flush left, the others flush right.
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
function table(head, rows) {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  "),
  );
}
