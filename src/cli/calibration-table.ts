import { type TextColumn, textTable } from "../reporting/text-table.ts";
import type {
  ByteCheck,
  Calibration,
  CaseResult,
  OwnCost,
} from "../scenarios/calibration/calibration-result.ts";

const WIDTH = 120;

/** A calibration for a terminal: at most 120 columns. */
export function formatCalibration(calibration: Calibration): string {
  const { cases, own, bytes, boundMs, passed } = calibration;
  return [
    "Response time of each request, ms: predicted by arithmetic, measured, and the error |measured - predicted|.",
    "Predicted from the schedule, from the times that the server says it worked, and from one constant for each case: the path,",
    "the median of (response - work) of idle requests before the judged ones. No judged response goes into its own prediction.",
    "",
    ...caseTable(cases, boundMs),
    ...cases.flatMap(remarks),
    "",
    ...(own === undefined ? [] : ownLines(own)),
    ...(bytes.length === 0 ? [] : ["", ...byteTable(bytes)]),
    "",
    passed
      ? `Every case is within ${boundMs} ms at p99.`
      : `Not every case is within ${boundMs} ms at p99: let the machine do nothing else, then try again.`,
  ].join("\n");
}

function caseTable(cases: readonly CaseResult[], boundMs: number): readonly string[] {
  const column = (
    heading: string,
    text: (row: CaseResult) => string,
    align: "left" | "right" = "right",
  ): TextColumn => ({
    heading,
    cells: cases.map(text),
    align,
  });
  const isGood = ({ failure, error }: CaseResult): boolean => failure === undefined && error.p99Ms <= boundMs;
  return textTable(
    [
      column("transport", (row) => row.transport, "left"),
      column("case", (row) => row.name, "left"),
      column("requests", (row) => String(row.requests)),
      column("path", (row) => ms(row.pathMs)),
      column("pred p50", (row) => ms(row.predicted.p50Ms)),
      column("p99", (row) => ms(row.predicted.p99Ms)),
      column("max", (row) => ms(row.predicted.maxMs)),
      column("meas p50", (row) => ms(row.measured.p50Ms)),
      column("p99", (row) => ms(row.measured.p99Ms)),
      column("max", (row) => ms(row.measured.maxMs)),
      column("err p50", (row) => ms(row.error.p50Ms)),
      column("p99", (row) => ms(row.error.p99Ms)),
      column("max", (row) => ms(row.error.maxMs)),
      column("", (row) => (isGood(row) ? "ok" : "OVER"), "left"),
    ],
    WIDTH,
  );
}

/** What a reader of a case should know. */
function remarks({ transport, name, failure, outOfOrder, generatorWaitMs }: CaseResult): readonly string[] {
  const label = `  ${transport} ${name}:`;
  return [
    ...(failure === undefined ? [] : [`${label} ${failure}`]),
    ...(outOfOrder === 0 ? [] : [`${label} ${outOfOrder} requests overtook one that was scheduled earlier`]),
    ...(generatorWaitMs === undefined || generatorWaitMs < BUSY_MS
      ? []
      : [
          `${label} the generator waited ${generatorWaitMs.toFixed(0)} ms for a core: other work was going on`,
        ]),
  ];
}

/** Less is what two processes on two cores take from each other. */
const BUSY_MS = 50;

function ownLines(own: OwnCost): readonly string[] {
  const { pacerLateness: pacer, timerLateness: timer } = own;
  return [
    `The harness itself (local, null): ${us(own.timePerRequestMs)} and ${us(own.cpuPerRequestMs)} CPU per request in a closed loop, ` +
      `${us(own.openLoopCpuPerRequestMs)} CPU at 1,000 per second.`,
    `Clock: steps of ${own.clockStepNs} ns, ${own.clockReadNs.toFixed(0)} ns a read. Late by p50, p99, max: the pacer ` +
      `${us(pacer.p50Ms)}, ${us(pacer.p99Ms)}, ${us(pacer.maxMs)}; a timer of Node ${us(timer.p50Ms)}, ${us(timer.p99Ms)}, ${us(timer.maxMs)}.`,
  ];
}

function byteTable(checks: readonly ByteCheck[]): readonly string[] {
  const column = (
    heading: string,
    text: (row: ByteCheck) => string,
    align: "left" | "right" = "right",
  ): TextColumn => ({
    heading,
    cells: checks.map(text),
    align,
  });
  return [
    "Bytes of a request and of its answer: the message, what its socket counts, the kernel's TCP_INFO, frames on a network.",
    ...textTable(
      [
        column("transport", ({ transport }) => transport, "left"),
        column("requests", ({ requests }) => String(requests)),
        column("message", (row) => both(row.requestPayloadBytes, row.responsePayloadBytes)),
        column("socket", (row) => both(row.requestTcpBytes, row.responseTcpBytes)),
        column("kernel", (row) => both(row.requestKernelBytes, row.responseKernelBytes)),
        column("frames", (row) => both(row.requestWireBytes, row.responseWireBytes)),
      ],
      WIDTH,
    ),
    ...checks.flatMap(({ transport, failure }) =>
      failure === undefined ? [] : [`  ${transport}: ${failure}`],
    ),
  ];
}

function both(request: number | undefined, response: number | undefined): string {
  const text = (value: number | undefined): string =>
    value === undefined || Number.isNaN(value) ? "-" : value.toFixed(1);
  return `${text(request)} / ${text(response)}`;
}

function ms(value: number): string {
  return Number.isNaN(value) ? "-" : value.toFixed(3);
}

function us(valueMs: number): string {
  return `${(valueMs * 1e3).toFixed(1)} µs`;
}
