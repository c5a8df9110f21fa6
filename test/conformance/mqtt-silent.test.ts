import { describe, expect, it } from "vitest";
import { infer, patternBytes, requestOf, until } from "./conformance-bed.ts";
import { hasMosquitto } from "./mosquitto-process.ts";
import { createMqttBed } from "./mqtt-bed.ts";

const { mosquitto, strictBroker, serve, connect } = createMqttBed();

describe("a broker that never grants a subscription", () => {
  it("is given up when the time to connect is over, and as soon as a client on its way back is destroyed", async () => {
    let isDeaf = false;
    let asked = 0;
    const url = await strictBroker({
      authorizePublish(client, packet, done) {
        if (packet.payload.length > 100_000) client?.close();
        done(null);
      },
      authorizeSubscribe(_client, subscription, done) {
        if (isDeaf) asked += 1;
        else done(null, subscription);
      },
    });
    await serve(url);
    const client = await connect(url);
    isDeaf = true;
    await expect(connect(url, { connectTimeoutMs: 300 })).rejects.toMatchObject({
      status: "UNAVAILABLE",
      message: expect.stringMatching(/^the MQTT broker \S+ has not answered within 300 ms$/) as string,
    });
    asked = 0;
    await expect(infer(client, requestOf("echo", patternBytes(200_000)))).rejects.toMatchObject({
      status: "UNAVAILABLE",
    });
    await until(() => asked > 0);
    const startedMs = performance.now();
    await client.destroy();
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });
});

describe.skipIf(!hasMosquitto())("Mosquitto that is stopped (apt-get install mosquitto)", () => {
  it("keeps neither server nor client from closing", async () => {
    const { url, freeze } = await mosquitto();
    const alone = await serve(url, { qos: 1 });
    const member = await serve(url, { qos: 1, group: "g" });
    const [closed, destroyed] = [await connect(url), await connect(url)];
    freeze();
    const startedMs = performance.now();
    await Promise.all([alone.server.close(), member.server.close(), closed.close(), destroyed.destroy()]);
    expect(performance.now() - startedMs).toBeLessThan(6_000);
  });
});
