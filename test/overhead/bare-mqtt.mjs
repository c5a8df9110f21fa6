// @ts-check
import { decodeInferResponse } from "../../dist/core/oip/protobuf.js";
import { requestTopic, responseFilters } from "../../dist/transports/mqtt/topics.js";
import { answerBlocks, lastOf, timeEach } from "./blocks.mjs";
import { protobufRequest } from "./message.mjs";
import { connectBareMqtt } from "./mqtt-connection.mjs";

/** The bare MQTT client: mqtt.js, QoS 0, one publish and the answer to it. */
answerBlocks(async (/** @type {{ endpoint: string, model: string }} */ { endpoint, model }) => {
  const clientId = `bare-${process.pid}`;
  const id = "bare-1";
  const client = await connectBareMqtt(endpoint, clientId);
  const [, answers] = responseFilters(clientId);
  await client.subscribeAsync(answers, { qos: 0 });
  const topic = requestTopic(model, { clientId, id });
  const messageOf = lastOf((bytes) => protobufRequest(bytes, id));

  /** @type {(answer: Buffer) => void} */
  let resolve = () => {};
  /** @type {(error: Error) => void} */
  let reject = () => {};
  client.on("message", (_topic, payload) => resolve(payload));
  client.on("error", (error) => reject(error));
  client.on("close", () => reject(new Error("the MQTT broker hung up")));

  /** @param {Buffer} message @returns {Promise<Buffer>} */
  const ask = (message) =>
    new Promise((onAnswer, onError) => {
      resolve = onAnswer;
      reject = onError;
      client.publish(topic, message, { qos: 0 });
    });
  return {
    measure({ bytes, requests }) {
      const message = messageOf(bytes);
      return timeEach(requests, () => ask(message), check);
    },
    close() {
      client.end(true);
    },
  };
});

/** @param {Buffer} answer */
function check(answer) {
  if (decodeInferResponse(answer).outputs.length !== 1) throw new Error("the answer has no output");
}
