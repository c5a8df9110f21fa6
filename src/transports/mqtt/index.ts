import type { Transport } from "../../core/transport.ts";
import { connectMqtt } from "./client.ts";
import { serveMqtt } from "./server.ts";

export { type Broker, type BrokerOptions, createBroker } from "./broker.ts";
export type { BrokerMark, BrokerMarks } from "./broker-marks.ts";

/**
 * OIP over MQTT: the protobuf messages of the Open Inference Protocol as payloads, through a broker. MQTT 5 where the
 * broker speaks it, else 3.1.1.
 *
 * `serve` needs `options.mqtt`, and its endpoint is the broker's URL: clients connect to the broker, too.
 */
export function createMqttTransport(): Transport {
  return {
    name: "mqtt",
    encodings: ["binary", "jpeg", "png", "bayer"],
    serve: serveMqtt,
    connect: connectMqtt,
  };
}
