import type { CellKey } from "../core/cell.ts";

/** What a reader must know before setting the transports of these cells side by side: a line each, none where there is one only. */
export function fairnessNotes(keys: readonly CellKey[]): readonly string[] {
  const has = (transport: CellKey["transport"]): boolean => keys.some((key) => key.transport === transport);
  const others = keys.some(({ transport }) => transport !== "mqtt" && transport !== "local");
  if (!has("mqtt") || !others) return [];
  const levels = [...new Set(keys.flatMap(({ qos }) => qos ?? []))].toSorted();
  return [
    `Guarantees: a call over HTTP or gRPC is answered or fails; MQTT ${levels.map((qos) => GUARANTEES[qos]).join("; ")}.`,
    ...(has("http-relay")
      ? []
      : [
          "MQTT crosses a broker and is not ranked: --relay adds the control, http through one relay process.",
        ]),
  ];
}

const GUARANTEES = {
  0: "at QoS 0 at most once: a message may be lost unseen",
  1: "at QoS 1 at least once: a message may come twice",
  2: "at QoS 2 exactly once between neighbours",
} as const;
