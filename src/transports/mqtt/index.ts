import type { Transport } from "../../core/transport.ts";

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
    // Each half is loaded where it is used: a client's program is not a server's.
    serve: async (core, options) => (await import("./server.ts")).serveMqtt(core, options),
    connect: async (endpoint, options) => (await import("./client.ts")).connectMqtt(endpoint, options),
  };
}
