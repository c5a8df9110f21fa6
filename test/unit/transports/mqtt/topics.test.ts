import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  modelTopic,
  parseTopic,
  requestFilters,
  requestTopic,
  responseFilters,
  responseTopic,
  serverTopic,
  statusTopic,
} from "../../../../src/transports/mqtt/topics.ts";

describe("topics", () => {
  it("are those of the convention", () => {
    expect(requestTopic("seg")).toBe("oip/v2/models/seg/infer");
    expect(requestTopic("seg", { clientId: "c1", id: "r1" })).toBe("oip/v2/models/seg/infer/c1/r1");
    expect(responseTopic("c1")).toBe("oip/v2/clients/c1/responses");
    expect(responseTopic("c1", "r1")).toBe("oip/v2/clients/c1/responses/r1");
    expect(responseFilters("c1")).toEqual(["oip/v2/clients/c1/responses", "oip/v2/clients/c1/responses/+"]);
    expect(requestFilters("seg")).toEqual(["oip/v2/models/seg/infer", "oip/v2/models/seg/infer/+/+"]);
    expect(requestFilters("seg", "g")[1]).toBe("$share/g/oip/v2/models/seg/infer/+/+");
    expect(modelTopic("seg")).toBe("oip/v2/models/seg");
    expect(serverTopic("s")).toBe("oip/v2/servers/s");
    expect(statusTopic("s")).toBe("oip/v2/servers/s/status");
  });

  it("keep any name and id in one level, and give it back", () => {
    const text = fc.string({ unit: "grapheme" });
    fc.assert(
      fc.property(text, text, text, (model, clientId, id) => {
        const request = requestTopic(model, { clientId, id });
        expect(request.split("/")).toHaveLength(7);
        expect(request).not.toMatch(/[+#\p{Cc}]/u);
        expect(parseTopic(request)).toEqual({ kind: "request", model, sender: { clientId, id } });
        expect(parseTopic(requestTopic(model))).toEqual({ kind: "request", model });
        expect(parseTopic(responseTopic(clientId, id))).toEqual({ kind: "response", clientId, id });
        expect(parseTopic(modelTopic(model))).toEqual({ kind: "model", model });
        expect(parseTopic(serverTopic(id))).toEqual({ kind: "server", serverId: id });
        expect(parseTopic(statusTopic(id))).toEqual({ kind: "status", serverId: id });
      }),
    );
  });

  it.each([
    "",
    "oip/v2",
    "oip/v2/models/seg/train",
    "oip/v2/models/seg/infer/c1",
    "oip/v2/models/seg/infer/c1/r1/x",
    "oip/v2/clients/c1",
    "oip/v2/clients/c1/responses/r1/x",
    "oip/v2/servers/s/mood",
    "oip/v2/servers/s/status/x",
    "$SYS/broker/uptime",
  ])("'%s' is none of them", (topic) => {
    expect(parseTopic(topic)).toBeUndefined();
  });
});
