// @ts-check
import { obey } from "../../dist/scenarios/processes/obey.js";
import { parseTopic, requestFilters, responseTopic } from "../../dist/transports/mqtt/topics.js";
import { ECHO, protobufAnswer } from "./message.mjs";
import { connectBareMqtt } from "./mqtt-connection.mjs";

/** A bare MQTT responder on the same broker: answers every request for the model `echo` with ready bytes. */
const answer = protobufAnswer();
/** @type {import("mqtt").MqttClient | undefined} */
let client;

obey(
  {
    /** Gives the endpoint, the broker's own. @param {{ brokerUrl: string }} argument */
    async start({ brokerUrl }) {
      const connection = await connectBareMqtt(brokerUrl, `echo-${process.pid}`);
      client = connection;
      connection.on("message", (topic) => {
        const parsed = parseTopic(topic);
        if (parsed?.kind !== "request" || parsed.sender === undefined) return;
        connection.publish(responseTopic(parsed.sender.clientId, parsed.sender.id), answer, { qos: 0 });
      });
      const [, requests] = requestFilters(ECHO);
      await connection.subscribeAsync(requests, { qos: 0 });
      return brokerUrl;
    },
  },
  async () => {
    client?.end(true);
  },
);
