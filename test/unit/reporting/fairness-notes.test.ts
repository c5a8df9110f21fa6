import { expect, it } from "vitest";
import type { CellKey } from "../../../src/core/cell.ts";
import { fairnessNotes } from "../../../src/reporting/fairness-notes.ts";

const key = (transport: CellKey["transport"], qos?: 0 | 1 | 2) => ({ transport, qos }) as CellKey;

it("says what MQTT guarantees and that it is not ranked without its control", () => {
  expect(fairnessNotes([key("http"), key("mqtt", 1), key("mqtt", 0)])).toEqual([
    "Guarantees: a call over HTTP or gRPC is answered or fails; MQTT at QoS 0 at most once: a message may be lost unseen; at QoS 1 at least once: a message may come twice.",
    "MQTT crosses a broker and is not ranked: --relay adds the control, http through one relay process.",
  ]);
  expect(fairnessNotes([key("http"), key("http-relay"), key("mqtt", 2)])).toHaveLength(1);
});

it("says nothing where nothing is set side by side", () => {
  expect(fairnessNotes([key("mqtt", 0), key("local")])).toEqual([]);
  expect(fairnessNotes([key("http"), key("grpc")])).toEqual([]);
});
