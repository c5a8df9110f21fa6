import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeInferResponse, encodeInferRequest, joinParts } from "../../dist/core/oip/protobuf.js";
import { runProgram, startProgram } from "../conformance/mosquitto-clients.ts";
import { type MosquittoProcess, startMosquitto } from "../conformance/mosquitto-process.ts";
import { type OurServer, startOurServer } from "./our-server.ts";

const DATA = Uint8Array.from({ length: 5_000 }, (_, i) => (i * 31) & 0xff);
const MESSAGE_TYPE = "application/x-protobuf; messageType=inference.ModelInferRequest";
/** Wait for one message, print its bytes alone. */
const ONE = ["-C", "1", "-N", "-W", "20"] as const;

const requestOf = (id: string, data = DATA): Uint8Array =>
  joinParts(
    encodeInferRequest({
      modelName: "identity",
      id,
      inputs: [{ name: "input", datatype: "UINT8", shape: [data.byteLength], data }],
    }),
  );

describe("Mosquitto's command-line clients, unmodified, of our server at a Mosquitto", () => {
  let broker: MosquittoProcess;
  let server: OurServer;

  beforeAll(async () => {
    broker = await startMosquitto();
    const options = ["--broker", broker.url, "--model", "m1-small,identity", "--study-topics"];
    server = await startOurServer(["mqtt"], options);
  });
  afterAll(async () => {
    await server?.stop();
    await broker.stop();
  });

  it("mosquitto_sub finds the models and the server", async () => {
    const model = await runProgram("mosquitto_sub", broker.port, ["-t", "oip/v2/models/identity", ...ONE]);
    expect(JSON.parse(model.toString())).toMatchObject({ name: "identity", inputs: [{ datatype: "UINT8" }] });
    const status = await runProgram("mosquitto_sub", broker.port, ["-t", "oip/v2/servers/+/status", ...ONE]);
    expect(JSON.parse(status.toString())).toEqual({ live: true, ready: true });
  });

  it("mosquitto_rr infers, with MQTT 5's request and response", async () => {
    // Its version 2.0 sends nothing but `-m`: a message whose every byte is a character.
    const data = Buffer.from("twelve bytes");
    const message = Buffer.from(requestOf("rr", data)).toString("latin1");
    const answer = await runProgram("mosquitto_rr", broker.port, [
      ...["-V", "mqttv5", "-t", "oip/v2/models/identity/infer", "-e", "any/topic/of/mine", "-m", message],
      ...["-D", "publish", "correlation-data", "c-1", "-D", "publish", "content-type", MESSAGE_TYPE],
      ...["-N", "-W", "20"],
    ]);
    const { id, outputs } = decodeInferResponse(answer);
    expect(id).toBe("rr");
    expect(Buffer.from(outputs[0]?.data ?? []).equals(data)).toBe(true);
  });

  it.each(["0", "1", "2"])("mosquitto_pub and mosquitto_sub infer with MQTT 3.1.1, QoS %s", async (qos) => {
    const topic = `oip/v2/clients/me/responses/${qos}`;
    const listening = startProgram("mosquitto_sub", broker.port, [
      "-V",
      "mqttv311",
      "-t",
      topic,
      "-q",
      qos,
      ...ONE,
    ]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await runProgram(
      "mosquitto_pub",
      broker.port,
      ["-V", "mqttv311", "-t", `oip/v2/models/identity/infer/me/${qos}`, "-q", qos, "-s"],
      requestOf(qos),
    );
    const { stdout } = await listening.ended;
    expect(Buffer.from(decodeInferResponse(stdout).outputs[0]?.data ?? []).equals(DATA)).toBe(true);
  });

  it("the vehicle-cloud study's topics: a JPEG in, a painted mask of its size out", async () => {
    const noise = Buffer.alloc(968 * 608 * 3).map((_, i) => (i * 7) & 0xff);
    const raw = { width: 968, height: 608, channels: 3 } as const;
    const jpeg = await sharp(noise, { raw }).jpeg().toBuffer();
    const listening = startProgram("mosquitto_sub", broker.port, ["-t", "/segmented_images", ...ONE]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await runProgram("mosquitto_pub", broker.port, ["-t", "/vehicle_camera", "-s"], jpeg);
    const { stdout } = await listening.ended;
    expect(await sharp(stdout).metadata()).toMatchObject({ format: "jpeg", width: 968, height: 608 });
  });
});
