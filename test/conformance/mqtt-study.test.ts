import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { TransportError } from "../../dist/core/errors.js";
import type { InferRequest, InferResponse } from "../../dist/core/inference.js";
import { splitBytes } from "../../dist/core/tensor.js";
import type { StudyServeOptions } from "../../dist/core/transport.js";
import { createFakeCore } from "./fake-core.ts";
import { runProgram, startProgram } from "./mosquitto-clients.ts";
import { hasMosquitto, hasMosquittoClients } from "./mosquitto-process.ts";
import { createMqttBed, maxPayloadBytes, nextMessage, transport } from "./mqtt-bed.ts";

const bed = createMqttBed();
const { broker, foreignClient, mosquitto, release } = bed;

/** Paints what it is told to by the picture: its own number of bytes, as text. */
const PAINTER: StudyServeOptions = {
  model: "echo",
  paint: async ({ outputs: [output] }: InferResponse) => {
    const [picture] = splitBytes(output?.data ?? new Uint8Array());
    if (picture?.byteLength === 13) throw new TransportError("INVALID_ARGUMENT", "no JPEG: 13 bytes");
    return Buffer.from(`painted ${picture?.byteLength}`);
  },
};

/** A core whose answers come in reverse: the first pictures take longest. */
function slowStartingCore() {
  const core = createFakeCore();
  let delayMs = 120;
  return {
    ...core,
    async infer(request: InferRequest, signal: AbortSignal): Promise<InferResponse> {
      const waitMs = delayMs;
      delayMs = Math.max(0, delayMs - 20);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      return core.infer(request, signal);
    },
  };
}

async function serveStudy(brokerUrl: string, core = slowStartingCore(), group?: string): Promise<void> {
  const server = await transport.serve(core, {
    host: "127.0.0.1",
    port: 0,
    maxPayloadBytes,
    tuning: "tuned",
    mqtt: { brokerUrl, qos: 0, study: PAINTER, group },
  });
  release(() => server.close());
  expect(server.notes).toContain("pictures on /vehicle_camera are answered on /segmented_images");
}

describe("the vehicle-cloud study's topics, through the embedded broker", () => {
  it("answers come in the order of the pictures, whatever takes how long", async () => {
    const { url } = await broker();
    await serveStudy(url);
    const vehicle = await foreignClient(url, "vehicle");
    await vehicle.subscribeAsync("/segmented_images");
    const answers: string[] = [];
    const all = new Promise<void>((resolve) => {
      vehicle.on("message", (_topic, payload) => {
        if (answers.push(payload.toString()) === 6) resolve();
      });
    });
    for (let bytes = 101; bytes <= 106; bytes++)
      vehicle.publish("/vehicle_camera", Buffer.alloc(bytes, 0xff));
    await all;
    expect(answers).toEqual([101, 102, 103, 104, 105, 106].map((bytes) => `painted ${bytes}`));
  });

  it("a picture that cannot be answered is told on a topic of its own, and the next is answered", async () => {
    const { url } = await broker();
    await serveStudy(url);
    const vehicle = await foreignClient(url, "vehicle");
    await vehicle.subscribeAsync(["/segmented_images", "/segmented_images/errors"]);
    const told = nextMessage(vehicle);
    vehicle.publish("/vehicle_camera", "thirteen byte");
    expect(await told).toMatchObject({ topic: "/segmented_images/errors" });
    expect(JSON.parse((await told).payload.toString())).toEqual({
      status: "INVALID_ARGUMENT",
      message: "no JPEG: 13 bytes",
    });
    const answered = nextMessage(vehicle);
    vehicle.publish("/vehicle_camera", "fourteen bytes");
    expect((await answered).payload.toString()).toBe("painted 14");
  });

  it("of pictures that come too fast some are answered, and the others are told at once", async () => {
    const { url } = await broker();
    const core = createFakeCore();
    let go: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    await serveStudy(url, {
      ...core,
      async infer(request, signal) {
        await held;
        return core.infer(request, signal);
      },
    });
    const vehicle = await foreignClient(url, "vehicle");
    await vehicle.subscribeAsync(["/segmented_images", "/segmented_images/errors"]);
    const topics: string[] = [];
    const told = nextMessage(vehicle);
    vehicle.on("message", (topic) => topics.push(topic));
    for (let i = 0; i < 40; i++) vehicle.publish("/vehicle_camera", Buffer.alloc(20, 0xff));
    expect(JSON.parse((await told).payload.toString())).toEqual({
      status: "RESOURCE_EXHAUSTED",
      message: "32 pictures are worked on already: they come faster than 'echo' answers",
    });
    go();
    await expect.poll(() => topics.length, { timeout: 5_000 }).toBe(40);
    expect(topics.filter((topic) => topic === "/segmented_images")).toHaveLength(32);
  });
});

const MISSING =
  hasMosquitto() && hasMosquittoClients() ? "" : " (apt-get install mosquitto mosquitto-clients)";

describe.skipIf(MISSING !== "")(`the study's clients as they are, through Mosquitto${MISSING}`, () => {
  it("mosquitto_pub sends a JPEG, mosquitto_sub gets what is painted; an old picture is passed over", async () => {
    const { url, port } = await mosquitto();
    const folder = await mkdtemp(join(tmpdir(), "wirebench-study-"));
    release(() => rm(folder, { recursive: true }));
    const file = join(folder, "frame.jpg");
    const jpeg = await sharp({ create: { width: 64, height: 48, channels: 3, background: "#808000" } })
      .jpeg()
      .toBuffer();
    await writeFile(file, jpeg);
    await runProgram("mosquitto_pub", port, ["-t", "/vehicle_camera", "-m", "yesterday", "-r", "-q", "1"]);
    await serveStudy(url);
    const vehicle = startProgram("mosquitto_sub", port, [
      ...["-V", "mqttv311", "-t", "/segmented_images", "-C", "1", "-W", "10", "-N"],
    ]);
    // Published again and again: the subscriber does not say when it is there.
    const ended = vehicle.ended.then(() => true);
    while (!(await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 100, false))]))) {
      await runProgram("mosquitto_pub", port, ["-V", "mqttv311", "-t", "/vehicle_camera", "-f", file]);
    }
    expect((await vehicle.ended).stdout.toString()).toBe(`painted ${jpeg.byteLength}`);
  });

  it("servers of one group share the pictures", async () => {
    const { url } = await mosquitto();
    const cores = [createFakeCore(), createFakeCore()];
    for (const core of cores) await serveStudy(url, core, "g");
    const vehicle = await foreignClient(url, "vehicle", 5);
    await vehicle.subscribeAsync("/segmented_images");
    let answers = 0;
    vehicle.on("message", () => answers++);
    for (let i = 0; i < 10; i++) vehicle.publish("/vehicle_camera", Buffer.alloc(20, 0xff));
    await expect.poll(() => answers, { timeout: 5_000 }).toBe(10);
    expect(cores.map(({ seen }) => seen.length)).toEqual([5, 5]);
  });
});
