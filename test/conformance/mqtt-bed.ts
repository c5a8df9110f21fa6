import net from "node:net";
import { Aedes } from "aedes";
import { MqttClient } from "mqtt";
import { afterEach } from "vitest";
import {
  type ConnectOptions,
  DEFAULT_MAX_PAYLOAD_BYTES,
  type InferenceClient,
  type InferenceServer,
  type MqttServeOptions,
} from "../../dist/core/transport.js";
import { type Broker, createBroker } from "../../dist/transports/mqtt/broker.js";
import { createMqttTransport } from "../../dist/transports/mqtt/index.js";
import { createFakeCore, type FakeCore } from "./fake-core.ts";
import { type MosquittoProcess, startMosquitto } from "./mosquitto-process.ts";

export const transport = createMqttTransport();
export const maxPayloadBytes = DEFAULT_MAX_PAYLOAD_BYTES;
export const ONE_LINE = /^[^\n]+$/;

/** Brokers, servers and clients of one test; everything is released after it, last first. */
export interface MqttBed {
  release(how: () => Promise<void>): void;
  broker(limit?: number, port?: number): Promise<Broker>;
  /** A broker of MQTT 3.1.1 with rules of the test's own; gives its URL. */
  strictBroker(options: ConstructorParameters<typeof Aedes>[0]): Promise<string>;
  mosquitto(config?: string, port?: number): Promise<MosquittoProcess>;
  serve(
    brokerUrl: string,
    mqtt?: Partial<MqttServeOptions>,
  ): Promise<{ readonly server: InferenceServer; readonly core: FakeCore }>;
  connect(url: string, options?: Partial<ConnectOptions>): Promise<InferenceClient>;
  /** A client of somebody else: mqtt.js as it comes. */
  foreignClient(url: string, clientId: string, protocolVersion?: 4 | 5): Promise<MqttClient>;
}

/** For one test file. */
export function createMqttBed(): MqttBed {
  const releases: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const release of releases.splice(0).reverse()) await release();
  });
  return {
    release: (how) => releases.push(how),
    async broker(limit = maxPayloadBytes, port = 0) {
      const started = await createBroker({ host: "127.0.0.1", port, maxPayloadBytes: limit });
      releases.push(() => started.close());
      return started;
    },
    async strictBroker(options) {
      const aedes = await Aedes.createBroker(options);
      const server = net.createServer((socket) => aedes.handle(socket));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      releases.push(async () => {
        await new Promise<void>((resolve) => aedes.close(() => resolve()));
        await new Promise<void>((resolve) => server.close(() => resolve()));
      });
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("no port");
      return `mqtt://127.0.0.1:${address.port}`;
    },
    async mosquitto(config = "", port) {
      const started = await startMosquitto(config, port);
      releases.push(() => started.stop());
      return started;
    },
    async serve(brokerUrl, mqtt = {}) {
      const core = createFakeCore();
      const options = { host: "127.0.0.1", port: 0, maxPayloadBytes, tuning: "tuned" } as const;
      const server = await transport.serve(core, { ...options, mqtt: { brokerUrl, qos: 0, ...mqtt } });
      releases.push(() => server.close());
      return { server, core };
    },
    async connect(url, options = {}) {
      const client = await transport.connect(url, {
        maxPayloadBytes,
        tuning: "tuned",
        encoding: "binary",
        ...options,
      });
      releases.push(() => client.destroy());
      return client;
    },
    async foreignClient(url, clientId, protocolVersion = 4) {
      const { hostname, port } = new URL(url);
      const client = new MqttClient(
        () => net.connect({ host: hostname, port: Number(port), noDelay: true }),
        { clientId, reconnectPeriod: 0, protocolVersion },
      );
      releases.push(() => client.endAsync(true));
      await new Promise<void>((resolve) => client.once("connect", () => resolve()));
      return client;
    },
  };
}

/** The next message that a foreign client gets. */
export function nextMessage(client: MqttClient): Promise<{
  readonly topic: string;
  readonly payload: Buffer;
  readonly properties: Readonly<Record<string, unknown>>;
}> {
  return new Promise((resolve) =>
    client.once("message", (topic, payload, packet) =>
      resolve({ topic, payload, properties: { ...packet.properties } }),
    ),
  );
}

/** Asks again and again until it is answered: what was told to a broker reaches others in its own time. */
export async function untilAnswered(ask: () => Promise<unknown>): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += 20) {
    try {
      await ask();
      return;
    } catch (error) {
      if (waitedMs > 8_000) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
