import { describe, expect, it } from "vitest";
import type { ServingCore } from "../../../../src/core/serving-core.ts";
import { Announcement } from "../../../../src/transports/mqtt/announcement.ts";
import type { BrokerConnection } from "../../../../src/transports/mqtt/connection.ts";

/** A connection that writes down what it is asked for. */
function fakeConnection() {
  const said: string[] = [];
  const connection = {
    async subscribe([filter]: readonly string[]) {
      said.push(`subscribe ${filter}`);
    },
    async unsubscribe(filters: readonly string[]) {
      said.push(`unsubscribe ${filters.filter((filter) => filter.endsWith("infer")).join(" ")}`);
    },
    async retain(topic: string, payload: Buffer) {
      said.push(`${topic} ${payload.toString()}`);
    },
  };
  const take = (): readonly string[] => said.splice(0);
  return { connection: connection as unknown as BrokerConnection, take };
}

function fakeCore(models: Record<string, string>) {
  const state = { ready: true };
  const core: Pick<ServingCore, "modelNames" | "modelMetadata" | "serverMetadata" | "isReady"> = {
    modelNames: () => Object.keys(models),
    modelMetadata: (name) => ({
      name,
      versions: [models[name] ?? ""],
      platform: "",
      inputs: [],
      outputs: [],
    }),
    serverMetadata: () => ({ name: "w", version: "1", extensions: [] }),
    isReady: () => state.ready,
  };
  return { core: core as ServingCore, models, state };
}

const model = (name: string, version: string): string =>
  `oip/v2/models/${name} {"name":"${name}","versions":["${version}"],"platform":"","inputs":[],"outputs":[]}`;

describe("Announcement", () => {
  it("says the models first, the status last, and all of it again on the next connection", async () => {
    const { core } = fakeCore({ a: "1" });
    const announcement = new Announcement(core, { serverId: "s", passing: false, group: undefined, qos: 0 });
    for (const { connection, take } of [fakeConnection(), fakeConnection()]) {
      await announcement.begin(connection);
      expect(take()).toEqual([
        "subscribe oip/v2/models/a/infer",
        model("a", "1"),
        'oip/v2/servers/s {"name":"w","version":"1","extensions":[]}',
        'oip/v2/servers/s/status {"live":true,"ready":true}',
      ]);
    }
  });

  it("follows models that are loaded, changed and unloaded, and says nothing where nothing changed", async () => {
    const { core, models, state } = fakeCore({ a: "1", b: "1" });
    const announcement = new Announcement(core, { serverId: "s", passing: false, group: undefined, qos: 0 });
    const { connection, take } = fakeConnection();
    await announcement.begin(connection);
    take();
    await announcement.follow(connection);
    expect(take()).toEqual([]);
    delete models["a"];
    models["b"] = "2";
    models["c"] = "1";
    state.ready = false;
    await announcement.follow(connection);
    expect(take()).toEqual([
      model("b", "2"),
      "subscribe oip/v2/models/c/infer",
      model("c", "1"),
      "oip/v2/models/a ",
      "unsubscribe oip/v2/models/a/infer",
      'oip/v2/servers/s/status {"live":true,"ready":false}',
    ]);
  });

  it("takes its models back at the end, and a group's members leave the requests to the others first", async () => {
    const { core } = fakeCore({ a: "1" });
    const alone = new Announcement(core, { serverId: "s", passing: false, group: undefined, qos: 0 });
    const { connection, take } = fakeConnection();
    await alone.begin(connection);
    take();
    await alone.refuse(connection);
    await alone.end(connection);
    expect(take()).toEqual([
      'oip/v2/servers/s/status {"live":true,"ready":false}',
      'oip/v2/servers/s/status {"live":false,"ready":false}',
      "oip/v2/models/a ",
    ]);
    const member = new Announcement(core, { serverId: "s", passing: true, group: "g", qos: 0 });
    await member.begin(connection);
    take();
    await member.refuse(connection);
    // Asked again, by the clock, and by another's end: it stays silent.
    await member.refuse(connection);
    await member.follow(connection);
    await member.retell(connection, "oip/v2/models/a");
    await member.end(connection);
    expect(take()).toEqual([
      'oip/v2/servers/s/status {"live":true,"ready":false}',
      "unsubscribe $share/g/oip/v2/models/a/infer",
      'oip/v2/servers/s/status {"live":false,"ready":false}',
      "oip/v2/models/a ",
      "oip/v2/servers/s ",
      "oip/v2/servers/s/status ",
    ]);
  });

  it("takes a model back that one of a group unloads; who still serves it hears that and says it again", async () => {
    const leaving = fakeCore({ a: "1", b: "1" });
    const staying = fakeCore({ a: "1", b: "1" });
    const options = { passing: true, group: "g", qos: 0 } as const;
    const first = new Announcement(leaving.core, { serverId: "s", ...options });
    const second = new Announcement(staying.core, { serverId: "t", ...options });
    const { connection, take } = fakeConnection();
    await first.begin(connection);
    expect(take().slice(0, 3)).toEqual([
      "subscribe $share/g/oip/v2/models/a/infer",
      "subscribe oip/v2/models/a",
      model("a", "1"),
    ]);
    await second.begin(connection);
    take();
    delete leaving.models["a"];
    await first.follow(connection);
    expect(take()).toEqual(["oip/v2/models/a ", "unsubscribe $share/g/oip/v2/models/a/infer"]);
    await first.retell(connection, "oip/v2/models/a");
    expect(take()).toEqual([]);
    await second.retell(connection, "oip/v2/models/a");
    expect(take()).toEqual([model("a", "1")]);
    // The last one that serves it takes it back for good, though it hears of it before its clock.
    delete staying.models["a"];
    await second.retell(connection, "oip/v2/models/a");
    expect(take()).toEqual(["oip/v2/models/a ", "unsubscribe $share/g/oip/v2/models/a/infer"]);
  });
});
