import { STATUSES } from "../core/status.ts";
import { type Column, idOfRow, type RunRecord } from "../recording/run-record.ts";

export const TRACED_PROCESSES = ["client", "broker", "server"] as const;
export type TracedProcess = (typeof TRACED_PROCESSES)[number];

/** A span of time with spans in it, each within it and after the one before; nanoseconds from the window's start. */
export interface Slice {
  readonly name: string;
  readonly beginNs: number;
  readonly endNs: number;
  readonly within: readonly Slice[];
  readonly args?: Readonly<Record<string, string | number>> | undefined;
}

/** The server's stages as they follow each other, with the column of each. */
const SERVER_STAGES: readonly (readonly [stage: string, column: Column])[] = [
  ["server_decode", "decodeNs"],
  ["queue", "queueNs"],
  ["server_preprocess", "preprocessNs"],
  ["infer", "inferNs"],
  ["server_postprocess", "postprocessNs"],
  ["server_encode", "encodeNs"],
];

/**
 * Where one request was and when: in the client from its intended time to its end with its legs, in the broker once each way, in the
 * server with its stages. Stages are durations: they are laid one after the other from the server's first mark. Where the server
 * has another clock its time cannot be placed: the leg is `away`. Empty for a request that never ended or was never sent.
 */
export function requestSlices(
  record: RunRecord,
  row: number,
): Partial<Record<TracedProcess, readonly Slice[]>> {
  const { columns, windowStartNs } = record;
  const duration = (column: Column): number => columns[column][row] ?? Number.NaN;
  const mark = (column: Column): number => {
    const ns = duration(column);
    // A broker's recorder writes 0 for what did not happen.
    return ns === 0 ? Number.NaN : ns - windowStartNs;
  };
  const intended = mark("intendedNs");
  const done = mark("doneNs");
  if (!(done >= intended)) return {};
  const start = mark("startNs");
  const sent = mark("sentNs");
  const received = mark("receivedNs");
  const answered = duration("status") === 0;
  const placed = answered && duration("sameClock") === 1;
  const [serverIn, serverOut] = [mark("serverInNs"), mark("serverOutNs")];
  const broker = [
    mark("brokerRequestInNs"),
    mark("brokerRequestOutNs"),
    mark("brokerResponseInNs"),
    mark("brokerResponseOutNs"),
  ] as const;
  const brokered = placed && broker.every((ns) => !Number.isNaN(ns));
  const preprocessed = mark("preprocessedNs");
  const decoded = mark("decodedNs");

  const legs: (readonly [name: string, until: number])[] = [
    ["wait", start],
    ["client_preprocess", preprocessed],
    ["encode", sent],
  ];
  if (!answered) legs.push(["away", done]);
  else if (!placed) legs.push(["away", received]);
  else if (brokered) {
    legs.push(["uplink", broker[0]], ["broker", broker[1]], ["uplink", serverIn], ["server", serverOut]);
    legs.push(["downlink", broker[2]], ["broker", broker[3]], ["downlink", received]);
  } else legs.push(["uplink", serverIn], ["server", serverOut], ["downlink", received]);
  if (answered) {
    legs.push(["client_decode", Number.isNaN(decoded) ? done : decoded]);
    if (!Number.isNaN(decoded)) legs.push(["client_postprocess", done]);
  }

  const id = idOfRow(record, row);
  const status = STATUSES[duration("status")] ?? "";
  const args = { id, frame: duration("frame"), client: duration("client"), status };
  return {
    client: [
      {
        name: `request ${id}`,
        beginNs: intended,
        endNs: done,
        within: oneAfterTheOther(legs, intended, done),
        args,
      },
    ],
    ...(brokered
      ? {
          broker: [
            { name: `to server ${id}`, beginNs: broker[0], endNs: broker[1], within: [] },
            { name: `to client ${id}`, beginNs: broker[2], endNs: broker[3], within: [] },
          ],
        }
      : {}),
    ...(placed
      ? {
          server: [
            { name: `serve ${id}`, beginNs: serverIn, endNs: serverOut, within: serverStages(serverIn) },
          ],
        }
      : {}),
  };

  function serverStages(inNs: number): readonly Slice[] {
    let until = inNs;
    const stages = SERVER_STAGES.flatMap(([stage, column]): (readonly [string, number])[] => {
      const ns = duration(column);
      if (Number.isNaN(ns)) return [];
      until += ns;
      return [[stage, until]];
    });
    return oneAfterTheOther(stages, inNs, serverOut);
  }
}

/** Slices that each begin where the last ended, kept within `from` and `to`; what has no end or no length is left out. */
function oneAfterTheOther(
  legs: readonly (readonly [name: string, until: number])[],
  from: number,
  to: number,
): readonly Slice[] {
  const slices: Slice[] = [];
  let beginNs = from;
  for (const [name, until] of legs) {
    const endNs = Math.min(until, to);
    if (!(endNs > beginNs)) continue;
    slices.push({ name, beginNs, endNs, within: [] });
    beginNs = endNs;
  }
  return slices;
}
