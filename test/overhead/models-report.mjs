// @ts-check
import { stringify } from "csv-stringify/sync";
import { plainNumber } from "../../dist/reporting/plain-number.js";
import { textTable } from "../../dist/reporting/text-table.js";

/** How a picture goes through a model: a bare ONNX Runtime loop, the engine in the same process, a gRPC server. */
export const KINDS = /** @type {const} */ (["bare", "local", "grpc"]);

/**
 * What was found of one model.
 * @typedef {typeof KINDS[number]} Kind
 * @typedef {{ readonly listed: import("../../dist/serving/list-models.js").ListedModel,
 *   readonly size: { readonly widthPx: number, readonly heightPx: number },
 *   readonly p50Ms: Record<Kind, number>, readonly requests: number }} Row
 */

const TABLE_COLUMNS = 120;

/** A table of at most 120 columns; times in ms. @param {readonly Row[]} rows */
export function modelsTable(rows) {
  const million = (/** @type {number | undefined} */ value, digits = 2) =>
    value === undefined ? "" : (value / 1e6).toFixed(digits);
  const ms = (/** @type {number} */ value) =>
    (value < 1_000 ? Number(value.toPrecision(4)) : Math.round(value)).toString();
  /** @type {(heading: string, of: (row: Row) => string) => import("../../dist/reporting/text-table.js").TextColumn} */
  const column = (heading, of) => ({ heading, cells: rows.map(of), align: "right" });
  return textTable(
    [
      { heading: "model", cells: rows.map(({ listed }) => listed.name), align: "left", least: 16 },
      column("picture", ({ size }) => `${size.widthPx}x${size.heightPx}`),
      column("M params", ({ listed }) => million(listed.parameters)),
      column("M MACs", ({ listed }) => million(listed.macs, 0)),
      column("MB", ({ listed }) => million(listed.bytes)),
      column("published", ({ listed }) => million(listed.publishedBytes)),
      column("bare", ({ p50Ms }) => ms(p50Ms.bare)),
      column("local", ({ p50Ms }) => ms(p50Ms.local)),
      column("grpc", ({ p50Ms }) => ms(p50Ms.grpc)),
      column("GMAC/s", ({ listed, p50Ms }) =>
        listed.macs === undefined ? "" : (listed.macs / p50Ms.bare / 1e6).toFixed(0),
      ),
      column("n", ({ requests }) => String(requests)),
    ],
    TABLE_COLUMNS,
  );
}

/** A row per model, units in the columns' names. @param {readonly Row[]} rows @param {number} threads */
export function modelsCsv(rows, threads) {
  const head = [
    "model",
    "width_px",
    "height_px",
    "parameters",
    "macs",
    "bytes",
    "published_bytes",
    "weights",
    "threads",
  ];
  const times = KINDS.map((kind) => `${kind}_p50_ms`);
  return stringify([
    [...head, ...times, "requests"],
    ...rows.map(({ listed, size, p50Ms, requests }) => [
      listed.name,
      ...[
        size.widthPx,
        size.heightPx,
        listed.parameters,
        listed.macs,
        listed.bytes,
        listed.publishedBytes,
      ].map(plainNumber),
      listed.weights ?? "",
      plainNumber(threads),
      ...KINDS.map((kind) => plainNumber(p50Ms[kind])),
      plainNumber(requests),
    ]),
  ]);
}
