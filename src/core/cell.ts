import type { Encoding, Qos, TransportName, Tuning } from "./transport.ts";

export const PLACEMENTS = ["server", "client"] as const;
/** `server`: an image travels and a final answer returns; `client`: the model's own tensors travel both ways. */
export type Placement = (typeof PLACEMENTS)[number];

export const DEVICES = ["cpu", "gpu"] as const;
export type Device = (typeof DEVICES)[number];

/** Closed and open loop, and MLPerf's scenarios: one at a time, N samples a query, Poisson with a bound, all at once. */
export const SCENARIOS = [
  "closed-loop",
  "open-loop",
  "single-stream",
  "multi-stream",
  "server",
  "offline",
] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

/** `recording`: when the camera took the frames; `file`: timestamps that the user gives. */
export const ARRIVALS = [
  "constant",
  "poisson",
  "uniform",
  "burst",
  "steps",
  "ramp",
  "recording",
  "file",
] as const;
export type Arrivals = (typeof ARRIVALS)[number];

/** Arrivals with what shapes them beside the rate: `poisson`, `burst:8`, `ramp:5..50`, `steps:5..50x10`, `file:rush.txt`. */
export type ArrivalsLabel = Arrivals | `${Arrivals}:${string}`;

/** Whether requests start by a schedule, whatever becomes of the ones before: response time is then the headline. */
export function followsSchedule(scenario: ScenarioName): scenario is "open-loop" | "server" {
  return scenario === "open-loop" || scenario === "server";
}

/** Connections as they are asked for: a number, one for each vehicle, or one for all. */
export type Connections = number | "per-vehicle" | "shared";

/**
 * `drop-new`: the arrival is dropped; `queue`: it waits; `newest-wins`: it waits in the place of one that waits already,
 * which is dropped, as a camera driver does.
 */
export const WHEN_BUSY = ["drop-new", "queue", "newest-wins"] as const;
/** What is done with an arrival when the in-flight limit is reached. */
export type WhenBusy = (typeof WHEN_BUSY)[number];

/** What makes cells unlike: one combination of the matrix. Absent where the dimension does not exist. */
export interface CellKey {
  readonly transport: TransportName;
  readonly encoding: Encoding;
  readonly placement: Placement;
  readonly model: string;
  /** Absent for a server that the bench did not start: it decides itself. */
  readonly device?: Device | undefined;
  readonly input: string;
  readonly scenario: ScenarioName;
  /** Requests outstanding (`multi-stream`: samples of a query); absent where a schedule decides. */
  readonly concurrency?: number | undefined;
  readonly arrivals?: ArrivalsLabel | undefined;
  /** Arrivals per second of each vehicle; the mean of a ramp, of steps, of a file and of a recording. */
  readonly ratePerSec?: number | undefined;
  readonly whenBusy?: WhenBusy | undefined;
  /** Absent where none were asked for. */
  readonly vehicles?: number | undefined;
  /** As asked for; absent for `local`. */
  readonly connections?: Connections | undefined;
  readonly qos?: Qos | undefined;
  /** e.g. `1.1` (HTTP), `2` (gRPC's HTTP/2), `3.1.1` or `5` (MQTT); absent for `local`. */
  readonly protocolVersion?: string | undefined;
  readonly tls: "off" | "on";
  readonly compression: "off" | "gzip";
  readonly tuning: Tuning;
  /** `loopback`, `none` for `local`, `network` for a URL on another host. */
  readonly link: string;
  /** `managed`, or the URL of a server that the bench did not start. */
  readonly target: string;
}

/** The key columns in the order of `summary.csv`, with each one's value; an absent one is the empty text. */
export function keyColumns(key: CellKey): readonly (readonly [column: string, value: string])[] {
  const text = (value: string | number | undefined): string => (value === undefined ? "" : String(value));
  return [
    ["transport", key.transport],
    ["encoding", key.encoding],
    ["placement", key.placement],
    ["model", key.model],
    ["device", text(key.device)],
    ["input", key.input],
    ["scenario", key.scenario],
    ["concurrency", text(key.concurrency)],
    ["arrivals", text(key.arrivals)],
    ["rate_per_sec", text(key.ratePerSec)],
    ["when_busy", text(key.whenBusy)],
    ["vehicles", text(key.vehicles)],
    ["connections", text(key.connections)],
    ["qos", text(key.qos)],
    ["protocol_version", text(key.protocolVersion)],
    ["tls", key.tls],
    ["compression", key.compression],
    ["tuning", key.tuning],
    ["link", key.link],
    ["target", key.target],
  ];
}

/** Columns whose bare value would not say what it is get a letter before it in a cell's name. */
const PREFIX: Readonly<Record<string, string>> = {
  concurrency: "c",
  rate_per_sec: "r",
  vehicles: "v",
  connections: "n",
  qos: "q",
  protocol_version: "p",
  tls: "tls-",
  compression: "z-",
};

/** The stable name of a cell: the key columns from `transport` to `link` that have a value, joined by `/`. */
export function cellName(key: CellKey): string {
  return keyColumns(key)
    .filter(([column, value]) => column !== "target" && value !== "")
    .map(([column, value]) => `${PREFIX[column] ?? ""}${value.replaceAll("/", "_")}`)
    .join("/");
}
