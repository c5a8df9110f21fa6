// @ts-check
import net from "node:net";
import { MqttClient } from "mqtt";
import { TUNED_HIGH_WATER_MARK_BYTES } from "../../dist/transports/mqtt/connect-broker.js";

/**
 * A bare connection of mqtt.js: MQTT 3.1.1, TCP_NODELAY, large buffers, no reconnecting.
 *
 * @param {string} url - `mqtt://host:port`.
 * @param {string} clientId
 * @returns {Promise<MqttClient>} connected.
 */
export async function connectBareMqtt(url, clientId) {
  const { hostname: host, port } = new URL(url);
  // `highWaterMark` goes through to the stream, although the types of `net.connect` do not know it.
  const socket = { host, port: Number(port), noDelay: true, highWaterMark: TUNED_HIGH_WATER_MARK_BYTES };
  const client = new MqttClient(() => net.connect(socket), {
    protocolVersion: 4,
    clientId,
    clean: true,
    keepalive: 300,
    reconnectPeriod: 0,
    queueQoSZero: false,
  });
  await new Promise((resolve, reject) => {
    client.once("connect", resolve);
    client.once("error", reject);
    client.once("close", () => reject(new Error(`the MQTT broker ${url} hung up`)));
  });
  return client;
}
