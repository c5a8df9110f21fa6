import { describe, expect, it } from "vitest";
import { createBroker } from "../../dist/transports/mqtt/broker.js";
import { delayRequest, infer, requestOf, until } from "./conformance-bed.ts";
import { hasMosquitto, startMosquitto } from "./mosquitto-process.ts";
import { createMqttBed, maxPayloadBytes, ONE_LINE, untilAnswered } from "./mqtt-bed.ts";

const bed = createMqttBed();

/** A broker that can be stopped and started again on its port. */
interface Restartable {
  readonly url: string;
  stop(): Promise<void>;
  start(): Promise<void>;
}

async function restartable(kind: "aedes" | "Mosquitto"): Promise<Restartable> {
  const begin = async (port?: number) => {
    if (kind === "Mosquitto") return startMosquitto("", port);
    const {
      url,
      port: taken,
      close,
    } = await createBroker({ host: "127.0.0.1", port: port ?? 0, maxPayloadBytes });
    return { url, port: taken, stop: close };
  };
  let running: { stop(): Promise<void> } | undefined;
  const first = await begin();
  running = first;
  const stop = async (): Promise<void> => {
    await running?.stop();
    running = undefined;
  };
  bed.release(stop);
  return {
    url: first.url,
    stop,
    async start() {
      running = await begin(first.port);
    },
  };
}

for (const kind of ["aedes", "Mosquitto"] as const) {
  describe.skipIf(kind === "Mosquitto" && !hasMosquitto())(`when ${kind} is started anew`, () => {
    it.each([0, 1, 2] as const)(
      "what is in flight fails with UNAVAILABLE, then server and client are back, QoS %i",
      async (qos) => {
        const broker = await restartable(kind);
        const { core } = await bed.serve(broker.url, { qos });
        const client = await bed.connect(broker.url, { qos });
        const lost = [delayRequest(10_000), delayRequest(10_000)];
        const answers = lost.map((request) => infer(client, request));
        for (const answer of answers) answer.catch(() => undefined);
        await until(() => lost.every(({ id }) => core.seen.includes(id)));
        await broker.stop();
        for (const answer of answers) {
          await expect(answer).rejects.toMatchObject({ status: "UNAVAILABLE", message: ONE_LINE });
        }
        await expect(infer(client, delayRequest(0))).rejects.toMatchObject({ status: "UNAVAILABLE" });
        // The core does not go on with what nobody waits for.
        await until(() => lost.every(({ id }) => core.aborted.includes(id)));
        await broker.start();
        await untilAnswered(() => infer(client, requestOf("echo", Uint8Array.of(1))));
        expect(await client.modelMetadata("echo")).toEqual(core.modelMetadata("echo"));
        // Those that came once are not asked again.
        expect(core.seen.filter((id) => id === lost[0]?.id)).toHaveLength(1);
      },
    );

    it("a new client finds the server, whose word went with the broker", async () => {
      const broker = await restartable(kind);
      await bed.serve(broker.url);
      await broker.stop();
      await broker.start();
      await untilAnswered(() => bed.connect(broker.url));
    });

    it("server and client that wait for the broker can be closed", async () => {
      const broker = await restartable(kind);
      const { server } = await bed.serve(broker.url);
      const client = await bed.connect(broker.url);
      await broker.stop();
      await expect(infer(client, delayRequest(0))).rejects.toMatchObject({ status: "UNAVAILABLE" });
      const startedMs = performance.now();
      await Promise.all([server.close(), client.close()]);
      await client.destroy();
      expect(performance.now() - startedMs).toBeLessThan(3_000);
      await expect(infer(client, delayRequest(0))).rejects.toMatchObject({ status: "CANCELLED" });
    });
  });
}
