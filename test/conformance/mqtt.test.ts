import { describe } from "vitest";
import { DEFAULT_MAX_PAYLOAD_BYTES, type Qos } from "../../dist/core/transport.js";
import { createBroker } from "../../dist/transports/mqtt/broker.js";
import type { ConformanceSubject } from "./conformance-bed.ts";
import { hasMosquitto, startMosquitto } from "./mosquitto-process.ts";
import { testTransportConformance } from "./transport-conformance.ts";

const SUBJECT = {
  module: "transports/mqtt/index.js",
  factory: "createMqttTransport",
  encodings: ["binary"],
  // MQTT has no word for it.
  cancelReachesServer: false,
} as const satisfies ConformanceSubject;

for (const qos of [0, 1, 2] as const satisfies readonly Qos[]) {
  testTransportConformance(`mqtt 3.1.1, aedes, QoS ${qos}`, {
    ...SUBJECT,
    ...(qos === 0 ? {} : { tunings: ["tuned"] }),
    setUp: async () => {
      const broker = await createBroker({
        host: "127.0.0.1",
        port: 0,
        maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
      });
      return {
        serve: { mqtt: { brokerUrl: broker.url, qos } },
        connect: { qos },
        tearDown: () => broker.close(),
      };
    },
  });
  describe.skipIf(!hasMosquitto())("with Mosquitto (skipped where it is not installed)", () => {
    testTransportConformance(`mqtt 5, Mosquitto, QoS ${qos}`, {
      ...SUBJECT,
      tunings: ["tuned"],
      setUp: async () => {
        const broker = await startMosquitto();
        return {
          serve: { mqtt: { brokerUrl: broker.url, qos } },
          connect: { qos },
          tearDown: () => broker.stop(),
        };
      },
    });
  });
}
