import { describe, expect, it } from "vitest";
import { contentTypeProblem, returnAddress } from "../../../../src/transports/mqtt/return-address.ts";

const contentType = "application/x-protobuf; messageType=inference.ModelInferResponse";

describe("returnAddress", () => {
  it("is in the topic of MQTT 3.1.1, with the id", () => {
    expect(returnAddress("oip/v2/models/a%2fb/infer/me/7", { retain: false })).toEqual({
      modelName: "a/b",
      id: "7",
      head: { topic: "oip/v2/clients/me/responses/7", properties: { contentType } },
    });
  });

  it("is in the properties of MQTT 5; the correlation data stays as it is, or away", () => {
    const correlationData = Buffer.from([0, 255]);
    const topic = "oip/v2/models/m/infer";
    expect(
      returnAddress(topic, { retain: false, properties: { responseTopic: "my/answers", correlationData } }),
    ).toEqual({
      modelName: "m",
      id: undefined,
      head: { topic: "my/answers", properties: { contentType, correlationData } },
    });
    expect(
      returnAddress(topic, { retain: false, properties: { responseTopic: "my/answers" } })?.head.properties,
    ).toEqual({ contentType });
  });

  it.each([
    ["no response topic", "oip/v2/models/m/infer", { retain: false }],
    ["an old request", "oip/v2/models/m/infer/me/7", { retain: true }],
    ["no request", "oip/v2/models/m", { retain: false, properties: { responseTopic: "a" } }],
    ...["", "a/+", "#", "$SYS/a", "oip/v2/models/n/infer", "oip/v2/servers/s/status", "/vehicle_camera"].map(
      (responseTopic) =>
        [
          `the response topic '${responseTopic}'`,
          "oip/v2/models/m/infer",
          { retain: false, properties: { responseTopic } },
        ] as const,
    ),
  ] as const)("is none with %s", (_what, topic, packet) => {
    expect(returnAddress(topic, packet)).toBeUndefined();
  });
});

describe("contentTypeProblem", () => {
  it.each([undefined, "", "application/x-protobuf; messageType=x", "Application/Octet-Stream"])(
    "%s may be a message",
    (type) => {
      expect(contentTypeProblem(type)).toBeUndefined();
    },
  );

  it.each(["image/jpeg", "application/json", "application/x-protobuffer"])("%s is none", (type) => {
    expect(contentTypeProblem(type)).toMatch(
      `expected the content type 'application/x-protobuf; messageType=inference.ModelInferRequest', got '${type}'`,
    );
  });
});
