// @ts-check
import { decodeInferResponse } from "../../dist/core/oip/protobuf.js";
import { requestTopic, responseFilters } from "../../dist/transports/mqtt/topics.js";
import { answerBlocks, lastOf, timeEach } from "./blocks.mjs";
import { protobufRequest } from "./message.mjs";
import { connectBareMqtt } from "./mqtt-connection.mjs";

/** The bare MQTT client: mqtt.js, QoS 0, one publish and the answer to it. */
answerBlocks(async (/** @type {{ endpoint: string, model: string }} */ { endpoint, model }) => {
  const clientId = `bare-${process.pid}`;
  const client = await connectBareMqtt(endpoint, clientId);
  const [, answers] = responseFilters(clientId);
  await client.subscribeAsync(answers, { qos: 0 });
  // A request's id is a level of its topic and stands in its message: as many digits each time, written over the last.
  const topics = requestTopic(model, { clientId, id: "0" }).slice(0, -1);
  const messageOf = lastOf((bytes) => {
    const message = protobufRequest(bytes, idOf(0));
    return { message, at: message.indexOf(idOf(0)) };
  });
  let sent = 0;

  /** @type {(answer: Buffer) => void} */
  let resolve = () => {};
  /** @type {(error: Error) => void} */
  let reject = () => {};
  client.on("message", (_topic, payload) => resolve(payload));
  client.on("error", (error) => reject(error));
  client.on("close", () => reject(new Error("the MQTT broker hung up")));

  /** @param {{ readonly message: Buffer, readonly at: number }} request @returns {Promise<Buffer>} */
  const ask = ({ message, at }) =>
    new Promise((onAnswer, onError) => {
      resolve = onAnswer;
      reject = onError;
      const id = idOf(++sent);
      message.write(id, at, "latin1");
      client.publish(topics + id, message, { qos: 0 });
    });
  return {
    measure({ bytes, requests }) {
      const request = messageOf(bytes);
      return timeEach(requests, () => ask(request), check);
    },
    close() {
      client.end(true);
    },
  };
});

/** @param {number} number */
function idOf(number) {
  return String(1e7 + number);
}

/** @param {Buffer} answer */
function check(answer) {
  if (decodeInferResponse(answer).outputs.length !== 1) throw new Error("the answer has no output");
}
